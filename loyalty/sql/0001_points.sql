-- The only statements that move points. Every function expects the enrollment's row to be locked by its caller
-- (or locks it itself, where said), so that entries never need a lock. Names are unqualified: each brand's schema
-- has its own copy of these functions beside its tables.
-- SQLSTATE SG001: not enough points (DETAIL holds what is there). SG002: a plan didn't fit what the lots hold.

ALTER TABLE loyalty_enrollment SET (fillfactor = 70);
ALTER TABLE loyalty_pointsaccount SET (fillfactor = 70);
ALTER TABLE loyalty_progresscounter SET (fillfactor = 70);
ALTER TABLE loyalty_pointslot SET (fillfactor = 85);
CREATE INDEX entry_recorded ON loyalty_pointsentry USING brin (recorded_at);

-- Take p_points out of the open lots, soonest expiry first, then oldest, and note each draw on p_entry.
CREATE FUNCTION points_draw(p_account bigint, p_entry bigint, p_points bigint, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_drawn bigint;
BEGIN
    WITH open AS (
        SELECT entry_id, remaining,
               sum(remaining) OVER (ORDER BY expires_at NULLS LAST, entry_id ROWS UNBOUNDED PRECEDING) - remaining AS before
        FROM loyalty_pointslot
        WHERE account_id = p_account AND remaining > 0 AND active_at IS NOT NULL
          AND (expires_at IS NULL OR expires_at > p_now)
    ), take AS (
        SELECT entry_id, least(remaining, p_points - before) AS points FROM open WHERE before < p_points
    ), taken AS (
        UPDATE loyalty_pointslot l SET remaining = l.remaining - t.points
        FROM take t WHERE l.entry_id = t.entry_id RETURNING l.entry_id, t.points
    ), noted AS (
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
        SELECT p_entry, entry_id, -points FROM taken ORDER BY entry_id RETURNING points
    )
    SELECT coalesce(-sum(points), 0) INTO v_drawn FROM noted;
    IF v_drawn <> p_points THEN
        RAISE EXCEPTION 'points_draw: account %, wanted %, open lots hold %', p_account, p_points, v_drawn
            USING ERRCODE = 'SG002';
    END IF;
END $$;

-- One entry. p_entry: kind, points, debt, event_id, effect, reversal_of, rule, reason, source, initiated_by, actor,
-- order_number, occurred_at, expires_at, allocated_minor. Holdings after are taken from the account as it stands now.
CREATE FUNCTION points_entry(p_account bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint := nextval('loyalty_pointsentry_id_seq');
    v_held bigint;
BEGIN
    SELECT balance + pending + reserved INTO STRICT v_held FROM loyalty_pointsaccount WHERE id = p_account;
    INSERT INTO loyalty_pointsentry (
        id, account_id, kind, points, debt, balance_after, event_id, effect, reversal_of_id, rule, reason, source,
        initiated_by, actor, order_number, occurred_at, recorded_at, expires_at, allocated_minor)
    VALUES (
        v_id, p_account, p_entry->>'kind', (p_entry->>'points')::bigint, coalesce((p_entry->>'debt')::bigint, 0),
        v_held, (p_entry->>'event_id')::uuid, coalesce(p_entry->>'effect', (p_entry->>'kind') || ':' || v_id),
        (p_entry->>'reversal_of')::bigint, coalesce(p_entry->>'rule', ''), coalesce(p_entry->'reason', '{}'::jsonb),
        coalesce(p_entry->>'source', 'system'), coalesce(p_entry->>'initiated_by', 'system'),
        coalesce(p_entry->>'actor', ''), coalesce(p_entry->>'order_number', ''),
        coalesce((p_entry->>'occurred_at')::timestamptz, p_now), p_now, (p_entry->>'expires_at')::timestamptz,
        (p_entry->>'allocated_minor')::bigint);
    RETURN v_id;
END $$;

-- A debt is paid from whatever balance there is, before the member can spend it. That is what has just become active:
-- also when its last day is over by now (a late award, a night that was missed), it pays first and the rest expires.
CREATE FUNCTION points_repay(p_account bigint, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_pay bigint;
    v_entry bigint;
BEGIN
    SELECT least(balance, debt) INTO STRICT v_pay FROM loyalty_pointsaccount WHERE id = p_account;
    IF v_pay <= 0 THEN
        RETURN 0;
    END IF;
    UPDATE loyalty_pointsaccount SET balance = balance - v_pay, debt = debt - v_pay, reversed = reversed + v_pay
    WHERE id = p_account;
    v_entry := points_entry(p_account, p_now, jsonb_build_object(
        'kind', 'debt', 'points', -v_pay, 'debt', -v_pay, 'reason', jsonb_build_object(
            'en', 'Settled against points owed from an earlier return',
            'nl', 'Verrekend met punten van een eerdere retour')));
    PERFORM points_draw(p_account, v_entry, v_pay, '-infinity');
    RETURN v_pay;
END $$;

-- Pending lots whose time has come become active, with their own date.
CREATE FUNCTION points_activate(p_accounts bigint[], p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_lots integer;
    v_account bigint;
BEGIN
    WITH woken AS (
        UPDATE loyalty_pointslot SET active_at = activates_at
        WHERE account_id = ANY (p_accounts) AND active_at IS NULL AND activates_at <= p_now
        RETURNING account_id, remaining
    ), sums AS (
        SELECT account_id, sum(remaining) AS points, count(*) AS lots FROM woken GROUP BY account_id
    ), moved AS (
        UPDATE loyalty_pointsaccount a SET balance = a.balance + s.points, pending = a.pending - s.points
        FROM sums s WHERE a.id = s.account_id RETURNING s.lots
    )
    SELECT coalesce(sum(lots), 0) INTO v_lots FROM moved;
    IF v_lots > 0 THEN
        FOR v_account IN
            SELECT id FROM loyalty_pointsaccount WHERE id = ANY (p_accounts) AND debt > 0 AND balance > 0 ORDER BY id
        LOOP
            PERFORM points_repay(v_account, p_now);
        END LOOP;
    END IF;
    RETURN v_lots;
END $$;

-- Active lots past their last day leave the balance: one entry per account and instant of expiry, in order of time.
CREATE FUNCTION points_expire(p_accounts bigint[], p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_lots integer;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT entry_id, account_id, expires_at, remaining FROM loyalty_pointslot
        WHERE account_id = ANY (p_accounts) AND remaining > 0 AND active_at IS NOT NULL AND expires_at <= p_now
    ), lines AS MATERIALIZED (
        SELECT nextval('loyalty_pointsentry_id_seq') AS id, g.* FROM (
            SELECT account_id, expires_at, sum(remaining) AS points FROM due
            GROUP BY account_id, expires_at ORDER BY account_id, expires_at
        ) g
    ), held AS MATERIALIZED (
        SELECT id, balance + pending + reserved AS points FROM loyalty_pointsaccount WHERE id = ANY (p_accounts)
    ), entries AS (
        INSERT INTO loyalty_pointsentry (
            id, account_id, kind, points, debt, balance_after, effect, rule, reason, source, initiated_by, actor,
            order_number, occurred_at, recorded_at, expires_at)
        SELECT l.id, l.account_id, 'expire', -l.points, 0,
               h.points - sum(l.points) OVER (PARTITION BY l.account_id ORDER BY l.expires_at ROWS UNBOUNDED PRECEDING),
               'expire:' || l.id, '', jsonb_build_object('en', 'Expired', 'nl', 'Verlopen'), 'system', 'system', '',
               '', l.expires_at, p_now, l.expires_at
        FROM lines l JOIN held h ON h.id = l.account_id
    ), draws AS (
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
        SELECT l.id, d.entry_id, -d.remaining FROM due d JOIN lines l USING (account_id, expires_at)
    ), emptied AS (
        UPDATE loyalty_pointslot l SET remaining = 0 FROM due d WHERE l.entry_id = d.entry_id
    ), accounts AS (
        UPDATE loyalty_pointsaccount a SET balance = a.balance - s.points, expired = a.expired + s.points
        FROM (SELECT account_id, sum(remaining) AS points FROM due GROUP BY account_id) s WHERE a.id = s.account_id
    )
    SELECT count(*) INTO v_lots FROM due;
    RETURN v_lots;
END $$;

-- What is due of one member happens now, in the nightly order: activate, then expire. The caller holds the lock.
CREATE FUNCTION points_settle(p_enrollment bigint, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_accounts bigint[];
    v_lots integer;
BEGIN
    SELECT array_agg(DISTINCT a.id) INTO v_accounts
    FROM loyalty_pointsaccount a JOIN loyalty_pointslot l ON l.account_id = a.id
    WHERE a.enrollment_id = p_enrollment AND (
        (l.active_at IS NULL AND l.activates_at <= p_now)
        OR (l.active_at IS NOT NULL AND l.remaining > 0 AND l.expires_at <= p_now));
    IF v_accounts IS NULL THEN
        RETURN 0;
    END IF;
    v_lots := points_activate(v_accounts, p_now) + points_expire(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = p_enrollment;
    RETURN v_lots;
END $$;

-- The same for up to p_limit accounts of a program at once, locking their members in order of id. 0 = nothing is due.
CREATE FUNCTION points_settle_batch(p_program bigint, p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollments bigint[];
    v_accounts bigint[];
    v_lots integer;
BEGIN
    SELECT array_agg(DISTINCT d.enrollment_id) INTO v_enrollments FROM (
        (SELECT a.enrollment_id FROM loyalty_pointslot l JOIN loyalty_pointsaccount a ON a.id = l.account_id
         JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
         WHERE l.active_at IS NULL AND l.activates_at <= p_now LIMIT p_limit)
        UNION ALL
        (SELECT a.enrollment_id FROM loyalty_pointslot l JOIN loyalty_pointsaccount a ON a.id = l.account_id
         JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
         WHERE l.remaining > 0 AND l.active_at IS NOT NULL AND l.expires_at <= p_now LIMIT p_limit)
    ) d;
    IF v_enrollments IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_enrollments) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(id) INTO v_accounts FROM loyalty_pointsaccount WHERE enrollment_id = ANY (v_enrollments);
    v_lots := points_activate(v_accounts, p_now) + points_expire(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN greatest(v_lots, 1);
END $$;

-- Spend: the lock, what is due, the balance, one entry, its draws. Returns the entry's id; SG001 when short.
CREATE FUNCTION points_spend(p_account bigint, p_points bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollment bigint;
    v_balance bigint;
    v_entry bigint;
BEGIN
    SELECT e.id INTO STRICT v_enrollment FROM loyalty_enrollment e
    WHERE e.id = (SELECT enrollment_id FROM loyalty_pointsaccount WHERE id = p_account) FOR NO KEY UPDATE;
    PERFORM points_settle(v_enrollment, p_now);
    SELECT balance INTO STRICT v_balance FROM loyalty_pointsaccount WHERE id = p_account;
    IF p_points <= 0 OR v_balance < p_points THEN
        RAISE EXCEPTION 'not enough points' USING ERRCODE = 'SG001', DETAIL = v_balance::text;
    END IF;
    UPDATE loyalty_pointsaccount SET
        balance = balance - p_points,
        spent = spent + CASE WHEN p_entry->>'kind' = 'spend' THEN p_points ELSE 0 END,
        reversed = reversed + CASE WHEN p_entry->>'kind' = 'spend' THEN 0 ELSE p_points END
    WHERE id = p_account;
    v_entry := points_entry(p_account, p_now, p_entry || jsonb_build_object('points', -p_points));
    PERFORM points_draw(p_account, v_entry, p_points, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
    RETURN v_entry;
END $$;

-- Give: a positive adjustment becomes a lot like any award, active at once. Returns the entry's id.
CREATE FUNCTION points_give(p_account bigint, p_points bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollment bigint;
    v_entry bigint;
BEGIN
    SELECT e.id INTO STRICT v_enrollment FROM loyalty_enrollment e
    WHERE e.id = (SELECT enrollment_id FROM loyalty_pointsaccount WHERE id = p_account) FOR NO KEY UPDATE;
    PERFORM points_settle(v_enrollment, p_now);
    UPDATE loyalty_pointsaccount SET balance = balance + p_points, issued = issued + p_points WHERE id = p_account;
    v_entry := points_entry(p_account, p_now, p_entry || jsonb_build_object('points', p_points));
    INSERT INTO loyalty_pointslot (entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at)
    VALUES (v_entry, p_account, p_points, p_points, 0, 0, p_now, p_now, (p_entry->>'expires_at')::timestamptz);
    PERFORM points_repay(p_account, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
    RETURN v_entry;
END $$;

-- Points that a return claimed while they were spent, and that the policy let go because there was nothing to take, are
-- there again once the spend is undone: now they are taken. Else buying, redeeming, returning and cancelling would give
-- points for nothing.
CREATE FUNCTION points_collect_forgiven(p_spend bigint, p_account bigint, p_now timestamptz, p_entry jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_lot record;
    v_take bigint;
    v_entry bigint;
BEGIN
    FOR v_lot IN
        SELECT l.entry_id, l.remaining, -d.points AS restored, l.reversed - coalesce((
            SELECT sum(-e.points + e.debt) FROM loyalty_pointsentry e WHERE e.reversal_of_id = l.entry_id), 0) AS forgiven
        FROM loyalty_lotdraw d JOIN loyalty_pointslot l ON l.entry_id = d.lot_id
        WHERE d.entry_id = p_spend AND l.reversed > 0 ORDER BY l.entry_id
    LOOP
        v_take := least(v_lot.forgiven, v_lot.restored, v_lot.remaining);
        CONTINUE WHEN v_take <= 0;
        UPDATE loyalty_pointsaccount SET balance = balance - v_take, reversed = reversed + v_take WHERE id = p_account;
        v_entry := points_entry(p_account, p_now, p_entry || jsonb_build_object(
            'kind', 'reverse', 'points', -v_take, 'reversal_of', v_lot.entry_id,
            'effect', 'collect:' || p_spend || ':' || v_lot.entry_id, 'reason', jsonb_build_object(
                'en', 'Points of an order that was returned', 'nl', 'Punten van een geretourneerde bestelling')));
        UPDATE loyalty_pointslot SET remaining = remaining - v_take WHERE entry_id = v_lot.entry_id;
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_entry, v_lot.entry_id, -v_take);
    END LOOP;
END $$;

-- Undo a spend: the points go back to the lots that they came from, with their expiry; what has expired meanwhile
-- expires again at once, or with regrant_until is given until then. Unique by the effect `undo:<entry>`, so a spend is undone once. Returns the new entry's id.
CREATE FUNCTION points_undo_spend(p_spend bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_account bigint;
    v_enrollment bigint;
    v_points bigint;
    v_entry bigint;
BEGIN
    SELECT account_id, -points INTO STRICT v_account, v_points
    FROM loyalty_pointsentry WHERE id = p_spend AND kind = 'spend';
    SELECT e.id INTO STRICT v_enrollment FROM loyalty_enrollment e
    WHERE e.id = (SELECT enrollment_id FROM loyalty_pointsaccount WHERE id = v_account) FOR NO KEY UPDATE;
    PERFORM points_settle(v_enrollment, p_now);
    UPDATE loyalty_pointsaccount SET balance = balance + v_points, spent = spent - v_points WHERE id = v_account;
    v_entry := points_entry(v_account, p_now, p_entry || jsonb_build_object(
        'kind', 'reverse', 'points', v_points, 'reversal_of', p_spend, 'effect', 'undo:' || p_spend));
    UPDATE loyalty_pointslot l SET remaining = l.remaining - d.points
    FROM loyalty_lotdraw d WHERE d.entry_id = p_spend AND l.entry_id = d.lot_id;
    INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
    SELECT v_entry, lot_id, -points FROM loyalty_lotdraw WHERE entry_id = p_spend ORDER BY lot_id;
    IF p_entry->>'regrant_until' IS NOT NULL THEN
        -- Settling has emptied what was past its day, so only the points that came back get the new one.
        UPDATE loyalty_pointslot l SET expires_at = (p_entry->>'regrant_until')::timestamptz
        FROM loyalty_lotdraw d WHERE d.entry_id = p_spend AND l.entry_id = d.lot_id AND l.expires_at <= p_now;
    END IF;
    IF (p_entry->>'collect_forgiven')::boolean THEN
        PERFORM points_collect_forgiven(p_spend, v_account, p_now, p_entry);
    END IF;
    PERFORM points_settle(v_enrollment, p_now);
    PERFORM points_repay(v_account, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
    RETURN v_entry;
END $$;

-- Take back (part of) an award: own from its lot, others from the balance in burn order, debt for the rest.
-- The plan was judged on a context whose version the caller has just checked; SG002 if it doesn't fit.
-- p_take: account, lot, points (what the return claims of the award), own, others, debt, entry {…}.
CREATE FUNCTION points_take_back(p_take jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_account bigint := (p_take->>'account')::bigint;
    v_lot bigint := (p_take->>'lot')::bigint;
    v_own bigint := (p_take->>'own')::bigint;
    v_others bigint := (p_take->>'others')::bigint;
    v_debt bigint := (p_take->>'debt')::bigint;
    v_pending boolean;
    v_entry bigint;
BEGIN
    SELECT active_at IS NULL INTO STRICT v_pending FROM loyalty_pointslot WHERE entry_id = v_lot AND account_id = v_account;
    UPDATE loyalty_pointsaccount SET
        pending = pending - CASE WHEN v_pending THEN v_own ELSE 0 END,
        balance = balance - v_others - CASE WHEN v_pending THEN 0 ELSE v_own END,
        reversed = reversed + v_own + v_others,
        debt = debt + v_debt
    WHERE id = v_account;
    UPDATE loyalty_pointslot SET remaining = remaining - v_own, reversed = reversed + (p_take->>'points')::bigint
    WHERE entry_id = v_lot;
    IF v_own + v_others + v_debt = 0 THEN
        RETURN; -- nothing left to take and no debt wanted: the claim is noted on the lot, the ledger has no line
    END IF;
    v_entry := points_entry(v_account, p_now, (p_take->'entry') || jsonb_build_object(
        'kind', 'reverse', 'points', -(v_own + v_others), 'debt', v_debt, 'reversal_of', v_lot));
    IF v_own > 0 THEN
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_entry, v_lot, -v_own);
    END IF;
    IF v_others > 0 THEN
        PERFORM points_draw(v_account, v_entry, v_others, p_now);
    END IF;
END $$;
