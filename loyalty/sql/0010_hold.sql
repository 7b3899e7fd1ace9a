-- Points held for an order that isn't final: out of the balance, in `reserved`, still the member's. Like every function
-- that moves points these lock the enrollment first. No ledger line is written until a hold is captured.
-- SQLSTATE SG004: the hold is closed already.

CREATE FUNCTION points_hold(p_account bigint, p_points bigint, p_now timestamptz, p_hold jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollment bigint;
    v_balance bigint;
    v_held bigint;
    v_hold uuid := (p_hold->>'id')::uuid;
BEGIN
    SELECT e.id INTO STRICT v_enrollment FROM loyalty_enrollment e
    WHERE e.id = (SELECT enrollment_id FROM loyalty_pointsaccount WHERE id = p_account) FOR NO KEY UPDATE;
    PERFORM points_settle(v_enrollment, p_now);
    SELECT balance INTO STRICT v_balance FROM loyalty_pointsaccount WHERE id = p_account;
    IF p_points <= 0 OR v_balance < p_points THEN
        RAISE EXCEPTION 'not enough points' USING ERRCODE = 'SG001', DETAIL = v_balance::text;
    END IF;
    UPDATE loyalty_pointsaccount SET balance = balance - p_points, reserved = reserved + p_points WHERE id = p_account;
    INSERT INTO loyalty_pointshold (
        id, account_id, points, captured, state, effect, reason, order_number, held_at, expires_at, regrant_until,
        collect, source, initiated_by, actor)
    VALUES (
        v_hold, p_account, p_points, 0, 'held', p_hold->>'effect', p_hold->'reason', p_hold->>'order_number', p_now,
        (p_hold->>'expires_at')::timestamptz, (p_hold->>'regrant_until')::timestamptz, (p_hold->>'collect')::boolean,
        p_hold->>'source', p_hold->>'initiated_by', p_hold->>'actor');
    WITH open AS (
        SELECT entry_id, remaining,
               sum(remaining) OVER (ORDER BY expires_at NULLS LAST, entry_id ROWS UNBOUNDED PRECEDING) - remaining AS before
        FROM loyalty_pointslot
        WHERE account_id = p_account AND remaining > 0 AND active_at IS NOT NULL
          AND (expires_at IS NULL OR expires_at > p_now)
    ), take AS (
        SELECT entry_id, least(remaining, p_points - before) AS points FROM open WHERE before < p_points
    ), taken AS (
        UPDATE loyalty_pointslot l SET remaining = l.remaining - t.points, held = l.held + t.points
        FROM take t WHERE l.entry_id = t.entry_id RETURNING l.entry_id, t.points
    ), noted AS (
        INSERT INTO loyalty_holdlot (hold_id, lot_id, points)
        SELECT v_hold, entry_id, points FROM taken ORDER BY entry_id RETURNING points
    )
    SELECT coalesce(sum(points), 0) INTO v_held FROM noted;
    IF v_held <> p_points THEN
        RAISE EXCEPTION 'points_hold: account %, wanted %, open lots hold %', p_account, p_points, v_held
            USING ERRCODE = 'SG002';
    END IF;
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
END $$;

-- What a return claimed of these lots while their points were away, and let go because there was nothing to take, is
-- taken now that `p_points` of each are back (see points_collect_forgiven, which does it for a spend that is undone).
CREATE FUNCTION points_collect_lots(
    p_account bigint, p_lots bigint[], p_points bigint[], p_cause text, p_now timestamptz, p_entry jsonb
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_lot record;
    v_take bigint;
    v_entry bigint;
BEGIN
    FOR v_lot IN
        SELECT l.entry_id, l.remaining, b.points AS restored, l.reversed - coalesce((
            SELECT sum(-e.points + e.debt) FROM loyalty_pointsentry e WHERE e.reversal_of_id = l.entry_id), 0) AS forgiven
        FROM unnest(p_lots, p_points) AS b (lot, points) JOIN loyalty_pointslot l ON l.entry_id = b.lot
        WHERE l.reversed > 0 ORDER BY l.entry_id
    LOOP
        v_take := least(v_lot.forgiven, v_lot.restored, v_lot.remaining);
        CONTINUE WHEN v_take <= 0;
        UPDATE loyalty_pointsaccount SET balance = balance - v_take, reversed = reversed + v_take WHERE id = p_account;
        v_entry := points_entry(p_account, p_now, p_entry || jsonb_build_object(
            'kind', 'reverse', 'points', -v_take, 'reversal_of', v_lot.entry_id,
            'effect', 'collect:' || p_cause || ':' || v_lot.entry_id, 'reason', jsonb_build_object(
                'en', 'Points of an order that was returned', 'nl', 'Punten van een geretourneerde bestelling')));
        UPDATE loyalty_pointslot SET remaining = remaining - v_take WHERE entry_id = v_lot.entry_id;
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_entry, v_lot.entry_id, -v_take);
    END LOOP;
END $$;

-- Close a hold: p_take of it is spent, in burn order, the rest goes back to its lots. The enrollment is locked by the
-- caller and what is due was settled; what comes back past its day expires at the caller's next settling, unless
-- regrant_until gives it a new one. Returns the spend's entry, NULL when nothing was taken.
CREATE FUNCTION points_hold_finish(
    p_hold uuid, p_take bigint, p_state text, p_regrant_until timestamptz, p_now timestamptz, p_entry jsonb
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_hold loyalty_pointshold%ROWTYPE;
    v_entry bigint;
    v_back bigint;
    v_lots bigint[];
    v_points bigint[];
BEGIN
    SELECT * INTO STRICT v_hold FROM loyalty_pointshold WHERE id = p_hold;
    IF v_hold.state <> 'held' OR p_take < 0 OR p_take > v_hold.points THEN
        RAISE EXCEPTION 'the hold is closed' USING ERRCODE = 'SG004';
    END IF;
    v_back := v_hold.points - p_take;
    UPDATE loyalty_pointsaccount SET
        reserved = reserved - v_hold.points, balance = balance + v_back, spent = spent + p_take
    WHERE id = v_hold.account_id;
    IF p_take > 0 THEN
        v_entry := points_entry(v_hold.account_id, p_now, p_entry || jsonb_build_object(
            'kind', 'spend', 'points', -p_take, 'effect', 'hold:' || p_hold, 'order_number', v_hold.order_number));
    END IF;
    WITH held AS (
        SELECT h.lot_id, h.points, h.points - greatest(0, least(h.points, p_take - (
            sum(h.points) OVER (ORDER BY l.expires_at NULLS LAST, h.lot_id ROWS UNBOUNDED PRECEDING) - h.points))) AS back
        FROM loyalty_holdlot h JOIN loyalty_pointslot l ON l.entry_id = h.lot_id WHERE h.hold_id = p_hold
    ), moved AS (
        UPDATE loyalty_pointslot l SET
            held = l.held - h.points, remaining = l.remaining + h.back,
            expires_at = CASE WHEN h.back > 0 AND l.expires_at <= p_now AND p_regrant_until IS NOT NULL
                              THEN p_regrant_until ELSE l.expires_at END
        FROM held h WHERE l.entry_id = h.lot_id
    ), noted AS (
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
        SELECT v_entry, lot_id, back - points FROM held WHERE points > back ORDER BY lot_id
    )
    SELECT array_agg(lot_id ORDER BY lot_id), array_agg(back ORDER BY lot_id) INTO v_lots, v_points
    FROM held WHERE back > 0;
    UPDATE loyalty_pointshold SET state = p_state, captured = p_take, closed_at = p_now, entry_id = v_entry
    WHERE id = p_hold;
    IF v_hold.collect AND v_lots IS NOT NULL THEN
        PERFORM points_collect_lots(v_hold.account_id, v_lots, v_points, p_hold::text, p_now, p_entry);
    END IF;
    RETURN v_entry;
END $$;

-- Holds of these accounts whose time is up go back by themselves. How many.
CREATE FUNCTION points_holds_lapse(p_accounts bigint[], p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_hold record;
    v_count integer := 0;
BEGIN
    FOR v_hold IN
        SELECT id, account_id, regrant_until FROM loyalty_pointshold
        WHERE account_id = ANY (p_accounts) AND state = 'held' AND expires_at <= p_now ORDER BY expires_at, id
    LOOP
        -- What else is past its day goes first, so that a new day is given to nothing but what comes back.
        PERFORM points_expire(ARRAY[v_hold.account_id], p_now);
        PERFORM points_hold_finish(v_hold.id, 0, 'expired', v_hold.regrant_until, p_now, '{}'::jsonb);
        PERFORM points_repay(v_hold.account_id, p_now);
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END $$;

-- Capture or release. SG004 when the hold is closed, or is closed by its time being up.
CREATE FUNCTION points_hold_close(
    p_hold uuid, p_take bigint, p_state text, p_regrant_until timestamptz, p_now timestamptz, p_entry jsonb
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_account bigint;
    v_enrollment bigint;
    v_entry bigint;
BEGIN
    SELECT account_id INTO STRICT v_account FROM loyalty_pointshold WHERE id = p_hold;
    SELECT e.id INTO STRICT v_enrollment FROM loyalty_enrollment e
    WHERE e.id = (SELECT enrollment_id FROM loyalty_pointsaccount WHERE id = v_account) FOR NO KEY UPDATE;
    PERFORM points_settle(v_enrollment, p_now);
    v_entry := points_hold_finish(p_hold, p_take, p_state, p_regrant_until, p_now, p_entry);
    PERFORM points_settle(v_enrollment, p_now);
    PERFORM points_repay(v_account, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
    RETURN v_entry;
END $$;

-- As before, with the holds whose time is up between activation and expiry.
CREATE OR REPLACE FUNCTION points_settle(p_enrollment bigint, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_accounts bigint[];
    v_count integer;
BEGIN
    SELECT array_agg(DISTINCT d.id) INTO v_accounts FROM (
        SELECT a.id FROM loyalty_pointsaccount a JOIN loyalty_pointslot l ON l.account_id = a.id
        WHERE a.enrollment_id = p_enrollment AND (
            (l.active_at IS NULL AND l.activates_at <= p_now)
            OR (l.active_at IS NOT NULL AND l.remaining > 0 AND l.expires_at <= p_now))
        UNION ALL
        SELECT a.id FROM loyalty_pointsaccount a JOIN loyalty_pointshold h ON h.account_id = a.id
        WHERE a.enrollment_id = p_enrollment AND h.state = 'held' AND h.expires_at <= p_now
    ) d;
    IF v_accounts IS NULL THEN
        RETURN 0;
    END IF;
    v_count := points_activate(v_accounts, p_now) + points_holds_lapse(v_accounts, p_now)
        + points_expire(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = p_enrollment;
    RETURN v_count;
END $$;

CREATE OR REPLACE FUNCTION points_settle_batch(p_program bigint, p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollments bigint[];
    v_accounts bigint[];
    v_count integer;
BEGIN
    SELECT array_agg(DISTINCT d.enrollment_id) INTO v_enrollments FROM (
        (SELECT a.enrollment_id FROM loyalty_pointslot l JOIN loyalty_pointsaccount a ON a.id = l.account_id
         JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
         WHERE l.active_at IS NULL AND l.activates_at <= p_now LIMIT p_limit)
        UNION ALL
        (SELECT a.enrollment_id FROM loyalty_pointslot l JOIN loyalty_pointsaccount a ON a.id = l.account_id
         JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
         WHERE l.remaining > 0 AND l.active_at IS NOT NULL AND l.expires_at <= p_now LIMIT p_limit)
        UNION ALL
        (SELECT a.enrollment_id FROM loyalty_pointshold h JOIN loyalty_pointsaccount a ON a.id = h.account_id
         JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
         WHERE h.state = 'held' AND h.expires_at <= p_now LIMIT p_limit)
    ) d;
    IF v_enrollments IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_enrollments) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(id) INTO v_accounts FROM loyalty_pointsaccount WHERE enrollment_id = ANY (v_enrollments);
    v_count := points_activate(v_accounts, p_now) + points_holds_lapse(v_accounts, p_now)
        + points_expire(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN greatest(v_count, 1);
END $$;

-- The same for holds alone, between two nights: a hold lasts minutes, not days.
CREATE FUNCTION points_holds_sweep(p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollments bigint[];
    v_enrollment bigint;
BEGIN
    SELECT array_agg(DISTINCT d.enrollment_id ORDER BY d.enrollment_id) INTO v_enrollments FROM (
        SELECT a.enrollment_id FROM loyalty_pointshold h JOIN loyalty_pointsaccount a ON a.id = h.account_id
        WHERE h.state = 'held' AND h.expires_at <= p_now LIMIT p_limit) d;
    IF v_enrollments IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_enrollments) ORDER BY id FOR NO KEY UPDATE;
    FOREACH v_enrollment IN ARRAY v_enrollments LOOP
        PERFORM points_settle(v_enrollment, p_now);
    END LOOP;
    RETURN cardinality(v_enrollments);
END $$;
