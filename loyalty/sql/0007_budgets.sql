-- Book a judged batch that counts towards budgets over all members. Their rows are the last locks taken, since everyone
-- comes by them. A budget that others used up meanwhile lets nothing more through: SG003, and nothing is written, so that
-- the batch is judged again on what is left.
CREATE FUNCTION loyalty_book_budgeted(p_members bigint[], p_versions bigint[], p_now timestamptz, p jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb := loyalty_book(p_members, p_versions, p_now, p);
    v_budget record;
BEGIN
    IF v_answer ? 'stale' THEN
        RETURN v_answer;
    END IF;
    FOR v_budget IN
        SELECT program, key, period, sum(delta)::bigint AS delta, min(at_most) AS at_most
        FROM jsonb_to_recordset(p->'budgets') AS r (program bigint, key text, period text, delta bigint, at_most bigint)
        GROUP BY program, key, period ORDER BY program, key, period
    LOOP
        INSERT INTO loyalty_budget AS b (program_id, key, period, value)
        VALUES (v_budget.program, v_budget.key, v_budget.period, greatest(0, v_budget.delta))
        ON CONFLICT (program_id, key, period) DO UPDATE SET value = greatest(0, b.value + v_budget.delta)
            WHERE v_budget.delta <= 0 OR b.value + v_budget.delta <= v_budget.at_most;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'budget % has moved', v_budget.key USING ERRCODE = 'SG003';
        END IF;
    END LOOP;
    RETURN v_answer;
END $$;
