-- With what no foreign key holds (loyalty/sql/0028_bonds_invariants.sql).
CREATE OR REPLACE FUNCTION ledger_invariants(p_since timestamptz DEFAULT NULL) RETURNS TABLE (promise text, detail jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM loyalty_invariants(p_since);
    RETURN QUERY SELECT * FROM loyalty_bonds(p_since);
    RETURN QUERY SELECT * FROM rewards_invariants(p_since);
END $$;
