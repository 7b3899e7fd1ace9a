-- Awards in one statement that reads the plan once: entries, lots, and what the accounts hold. No foreign key sees to it that
-- an award's account is there, so this does.
CREATE OR REPLACE FUNCTION book_awards(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_strange boolean;
BEGIN
    WITH a AS MATERIALIZED (
        SELECT nextval('loyalty_pointsentry_id_seq') AS id, r.*
        FROM jsonb_to_recordset(p->'awards') AS r (
            account bigint, points bigint, balance_after bigint, event_id uuid, effect text, rule text, reason jsonb,
            source text, initiated_by text, actor text, order_number text, occurred_at timestamptz,
            activates_at timestamptz, active boolean, expires_at timestamptz, allocated_minor bigint,
            rolls smallint, waits_for text, drops boolean, expiry jsonb)
    ), entries AS (
        INSERT INTO loyalty_pointsentry (
            id, account_id, kind, points, debt, balance_after, event_id, effect, rule, reason, source, initiated_by,
            actor, order_number, occurred_at, recorded_at, expires_at, allocated_minor)
        SELECT id, account, 'earn', points, 0, balance_after, event_id, effect, rule, reason, source, initiated_by,
               actor, order_number, occurred_at, p_now, expires_at, allocated_minor
        FROM a
    ), lots AS (
        INSERT INTO loyalty_pointslot (
            entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at, rolls,
            waits_for, drops, expiry)
        SELECT id, account, points, points, 0, 0, activates_at, CASE WHEN active THEN activates_at END, expires_at,
               coalesce(rolls, 0), coalesce(waits_for, ''), coalesce(drops, false), expiry
        FROM a
    ), sums AS MATERIALIZED (
        SELECT account, sum(points) AS points, coalesce(sum(points) FILTER (WHERE active), 0) AS active
        FROM a GROUP BY account
    ), moved AS (
        UPDATE loyalty_pointsaccount c SET
            balance = c.balance + s.active, pending = c.pending + s.points - s.active, issued = c.issued + s.points
        FROM sums s WHERE c.id = s.account RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved) <> (SELECT count(*) FROM sums) INTO v_strange;
    IF v_strange THEN
        RAISE EXCEPTION 'an award names an account that is not there' USING ERRCODE = 'SG002';
    END IF;
    IF p ? 'activity' THEN
        -- What this same batch awarded lives on by its later events, as if they had come one by one.
        PERFORM book_activity(p, p_now);
    END IF;
END $$;
