-- Book a judged batch, or fail: for a transaction that is told to commit before this has answered. SG005: a member's
-- version has moved, and nothing of the transaction is written.
CREATE FUNCTION loyalty_book_or_fail(p_members bigint[], p_versions bigint[], p_now timestamptz, p jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb;
BEGIN
    v_answer := loyalty_book(p_members, p_versions, p_now, p);
    IF v_answer ? 'stale' THEN
        RAISE EXCEPTION 'members have moved' USING ERRCODE = 'SG005';
    END IF;
    RETURN v_answer;
END $$;
