-- An entry may belong to a transfer.
CREATE OR REPLACE FUNCTION points_entry(p_account bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint := nextval('loyalty_pointsentry_id_seq');
    v_held bigint;
BEGIN
    SELECT balance + pending + reserved INTO STRICT v_held FROM loyalty_pointsaccount WHERE id = p_account;
    INSERT INTO loyalty_pointsentry (
        id, account_id, kind, points, debt, balance_after, event_id, effect, reversal_of_id, rule, reason, source,
        initiated_by, actor, order_number, occurred_at, recorded_at, expires_at, allocated_minor, transfer_id)
    VALUES (
        v_id, p_account, p_entry->>'kind', (p_entry->>'points')::bigint, coalesce((p_entry->>'debt')::bigint, 0),
        v_held, (p_entry->>'event_id')::uuid, coalesce(p_entry->>'effect', (p_entry->>'kind') || ':' || v_id),
        (p_entry->>'reversal_of')::bigint, coalesce(p_entry->>'rule', ''), coalesce(p_entry->'reason', '{}'::jsonb),
        coalesce(p_entry->>'source', 'system'), coalesce(p_entry->>'initiated_by', 'system'),
        coalesce(p_entry->>'actor', ''), coalesce(p_entry->>'order_number', ''),
        coalesce((p_entry->>'occurred_at')::timestamptz, p_now), p_now, (p_entry->>'expires_at')::timestamptz,
        (p_entry->>'allocated_minor')::bigint, (p_entry->>'transfer')::uuid);
    RETURN v_id;
END $$;

-- Give points to another account of the same program: one line that leaves, in burn order, and one that arrives for each
-- lot that was drawn from, with that lot's dates, so that a transfer makes nothing live longer. Locks both members in
-- order of id. p_transfer: id, cause, effect, note, source, initiated_by, actor, reason_out, reason_in. SG001 when short.
CREATE FUNCTION points_transfer(p_from bigint, p_to bigint, p_points bigint, p_now timestamptz, p_transfer jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollments bigint[];
    v_enrollment bigint;
    v_balance bigint;
    v_out bigint;
    v_in bigint;
    v_lot record;
    v_id uuid := (p_transfer->>'id')::uuid;
    v_entry jsonb := p_transfer || jsonb_build_object('kind', 'transfer', 'transfer', v_id);
BEGIN
    SELECT array_agg(enrollment_id ORDER BY enrollment_id) INTO v_enrollments
    FROM loyalty_pointsaccount WHERE id IN (p_from, p_to);
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_enrollments) ORDER BY id FOR NO KEY UPDATE;
    FOREACH v_enrollment IN ARRAY v_enrollments LOOP
        PERFORM points_settle(v_enrollment, p_now);
    END LOOP;
    SELECT balance INTO STRICT v_balance FROM loyalty_pointsaccount WHERE id = p_from;
    IF p_points <= 0 OR v_balance < p_points THEN
        RAISE EXCEPTION 'not enough points' USING ERRCODE = 'SG001', DETAIL = v_balance::text;
    END IF;
    INSERT INTO loyalty_pointstransfer (
        id, sender_id, recipient_id, points, cause, effect, note, at, source, initiated_by, actor)
    VALUES (
        v_id, p_from, p_to, p_points, p_transfer->>'cause', p_transfer->>'effect', p_transfer->>'note', p_now,
        p_transfer->>'source', p_transfer->>'initiated_by', p_transfer->>'actor');
    UPDATE loyalty_pointsaccount SET balance = balance - p_points WHERE id = p_from;
    v_out := points_entry(p_from, p_now, v_entry || jsonb_build_object(
        'points', -p_points, 'effect', 'transfer:' || v_id, 'reason', p_transfer->'reason_out'));
    PERFORM points_draw(p_from, v_out, p_points, p_now);
    FOR v_lot IN
        SELECT l.*, -d.points AS part FROM loyalty_lotdraw d JOIN loyalty_pointslot l ON l.entry_id = d.lot_id
        WHERE d.entry_id = v_out ORDER BY l.expires_at NULLS LAST, l.entry_id
    LOOP
        UPDATE loyalty_pointsaccount SET balance = balance + v_lot.part WHERE id = p_to;
        v_in := points_entry(p_to, p_now, v_entry || jsonb_build_object(
            'points', v_lot.part, 'effect', 'transfer:' || v_id || ':' || v_lot.entry_id,
            'reason', p_transfer->'reason_in', 'expires_at', v_lot.expires_at));
        INSERT INTO loyalty_pointslot (
            entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at)
        VALUES (v_in, p_to, v_lot.part, v_lot.part, 0, 0, v_lot.activates_at, v_lot.active_at, v_lot.expires_at);
    END LOOP;
    PERFORM points_repay(p_to, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
END $$;
