-- As before; of a reward that was used the points may be given back.
CREATE OR REPLACE FUNCTION ledger_invariants(p_since timestamptz DEFAULT NULL) RETURNS TABLE (promise text, detail jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT * FROM loyalty_invariants(p_since);
    RETURN QUERY SELECT * FROM loyalty_bonds(p_since);
    RETURN QUERY SELECT * FROM rewards_invariants(p_since);
END $$;
