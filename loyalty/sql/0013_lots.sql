-- Lots that wait for an event instead of a day, lots that live as long as the member is active, and what a lot lost by
-- running out. An activity moves the last day of those that are valid then (loyalty_pointslot.rolls: how many months each
-- lives on) and of the account (active_until), so that what is awarded late lives as long: spending, the night and every
-- page go on reading one date, expires_at, and nothing else has to know that it moves.

UPDATE loyalty_pointslot l SET expired = x.points
FROM (SELECT d.lot_id, -sum(d.points) AS points FROM loyalty_lotdraw d JOIN loyalty_pointsentry e ON e.id = d.entry_id
      WHERE e.kind = 'expire' GROUP BY d.lot_id) x
WHERE l.entry_id = x.lot_id;

-- What waited for an event that didn't come in time is off.
CREATE FUNCTION points_drop(p_accounts bigint[], p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_lot record;
    v_entry bigint;
    v_lots integer := 0;
BEGIN
    FOR v_lot IN
        SELECT entry_id, account_id, activates_at, remaining FROM loyalty_pointslot
        WHERE account_id = ANY (p_accounts) AND active_at IS NULL AND drops AND remaining > 0 AND activates_at <= p_now
        ORDER BY account_id, activates_at, entry_id
    LOOP
        UPDATE loyalty_pointsaccount SET pending = pending - v_lot.remaining, expired = expired + v_lot.remaining
        WHERE id = v_lot.account_id;
        v_entry := points_entry(v_lot.account_id, p_now, jsonb_build_object(
            'kind', 'expire', 'points', -v_lot.remaining, 'occurred_at', v_lot.activates_at, 'expires_at',
            v_lot.activates_at, 'reason', jsonb_build_object(
                'en', 'What they waited for did not happen in time', 'nl', 'Waar ze op wachtten gebeurde niet op tijd')));
        UPDATE loyalty_pointslot SET remaining = 0, expired = expired + v_lot.remaining WHERE entry_id = v_lot.entry_id;
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_entry, v_lot.entry_id, -v_lot.remaining);
        v_lots := v_lots + 1;
    END LOOP;
    RETURN v_lots;
END $$;

-- As before, but for those that are off instead.
CREATE OR REPLACE FUNCTION points_activate(p_accounts bigint[], p_now timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_lots integer;
    v_account bigint;
BEGIN
    WITH woken AS (
        UPDATE loyalty_pointslot SET active_at = activates_at, waits_for = ''
        WHERE account_id = ANY (p_accounts) AND active_at IS NULL AND activates_at <= p_now AND NOT (drops AND remaining > 0)
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

-- As before, noting on the lot what ran out.
CREATE OR REPLACE FUNCTION points_expire(p_accounts bigint[], p_now timestamptz) RETURNS integer
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
        UPDATE loyalty_pointslot l SET remaining = 0, expired = l.expired + d.remaining FROM due d WHERE l.entry_id = d.entry_id
    ), accounts AS (
        UPDATE loyalty_pointsaccount a SET balance = a.balance - s.points, expired = a.expired + s.points
        FROM (SELECT account_id, sum(remaining) AS points FROM due GROUP BY account_id) s WHERE a.id = s.account_id
    )
    SELECT count(*) INTO v_lots FROM due;
    RETURN v_lots;
END $$;

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
    v_count := points_drop(v_accounts, p_now) + points_activate(v_accounts, p_now) + points_holds_lapse(v_accounts, p_now)
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
    v_count := points_drop(v_accounts, p_now) + points_activate(v_accounts, p_now) + points_holds_lapse(v_accounts, p_now)
        + points_expire(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN greatest(v_count, 1);
END $$;

CREATE OR REPLACE FUNCTION points_activate_batch(p_program bigint, p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_enrollments bigint[];
    v_accounts bigint[];
    v_lots integer;
BEGIN
    SELECT array_agg(DISTINCT d.enrollment_id) INTO v_enrollments FROM (
        SELECT a.enrollment_id FROM loyalty_pointslot l JOIN loyalty_pointsaccount a ON a.id = l.account_id
        JOIN loyalty_enrollment e ON e.id = a.enrollment_id AND e.program_id = p_program
        WHERE l.active_at IS NULL AND l.activates_at <= p_now LIMIT p_limit
    ) d;
    IF v_enrollments IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_enrollments) ORDER BY id FOR NO KEY UPDATE;
    SELECT array_agg(id) INTO v_accounts FROM loyalty_pointsaccount WHERE enrollment_id = ANY (v_enrollments);
    v_lots := points_drop(v_accounts, p_now) + points_activate(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN greatest(v_lots, 1);
END $$;

-- rolls: see above.
CREATE OR REPLACE FUNCTION points_give(p_account bigint, p_points bigint, p_now timestamptz, p_entry jsonb) RETURNS bigint
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
    INSERT INTO loyalty_pointslot (entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at, rolls)
    VALUES (v_entry, p_account, p_points, p_points, 0, 0, p_now, p_now, (p_entry->>'expires_at')::timestamptz,
            coalesce((p_entry->>'rolls')::smallint, 0));
    PERFORM points_repay(p_account, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = v_enrollment;
    RETURN v_entry;
END $$;

CREATE OR REPLACE FUNCTION points_transfer(p_from bigint, p_to bigint, p_points bigint, p_now timestamptz, p_transfer jsonb)
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
            entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at, rolls)
        VALUES (
            v_in, p_to, v_lot.part, v_lot.part, 0, 0, v_lot.activates_at, v_lot.active_at, v_lot.expires_at, v_lot.rolls);
    END LOOP;
    PERFORM points_repay(p_to, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
END $$;

-- What ran out before it was claimed is nobody's to give back: a return claims no more than what didn't (ADR of expired
-- points), so there is less that was let go.
CREATE OR REPLACE FUNCTION points_collect_lots(
    p_account bigint, p_lots bigint[], p_points bigint[], p_cause text, p_now timestamptz, p_entry jsonb
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_lot record;
    v_take bigint;
    v_entry bigint;
BEGIN
    FOR v_lot IN
        SELECT l.entry_id, l.remaining, b.points AS restored, least(l.reversed, l.granted - l.expired) - coalesce((
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

CREATE OR REPLACE FUNCTION points_collect_forgiven(p_spend bigint, p_account bigint, p_now timestamptz, p_entry jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_lots bigint[];
    v_points bigint[];
BEGIN
    SELECT array_agg(lot_id ORDER BY id), array_agg(-points ORDER BY id) INTO v_lots, v_points
    FROM loyalty_lotdraw WHERE entry_id = p_spend;
    IF v_lots IS NOT NULL THEN
        PERFORM points_collect_lots(p_account, v_lots, v_points, p_spend::text, p_now, p_entry);
    END IF;
END $$;

-- As before; the lot may lie in another account than the one that pays: of a member who shares one by now, or did then.
CREATE OR REPLACE FUNCTION points_take_back(p_take jsonb, p_now timestamptz) RETURNS void
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
    SELECT active_at IS NULL INTO STRICT v_pending FROM loyalty_pointslot WHERE entry_id = v_lot;
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

-- Awards as before, with what they wait for and how they live.
CREATE OR REPLACE FUNCTION book_awards(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
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
    )
    INSERT INTO loyalty_pointslot (
        entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at, rolls, waits_for,
        drops, expiry)
    SELECT id, account, points, points, 0, 0, activates_at, CASE WHEN active THEN activates_at END, expires_at,
           coalesce(rolls, 0), coalesce(waits_for, ''), coalesce(drops, false), expiry
    FROM a;

    UPDATE loyalty_pointsaccount a SET
        balance = a.balance + s.active, pending = a.pending + s.points - s.active, issued = a.issued + s.points
    FROM (SELECT account, sum(points) AS points, coalesce(sum(points) FILTER (WHERE active), 0) AS active
          FROM jsonb_to_recordset(p->'awards') AS x (account bigint, points bigint, active boolean)
          GROUP BY account) s
    WHERE a.id = s.account;
    IF p ? 'activity' THEN
        -- What this same batch awarded lives on by its later events, as if they had come one by one.
        PERFORM book_activity(p, p_now);
    END IF;
END $$;

-- An event that lots waited for: they become active at its time, and their end is reckoned from there.
CREATE FUNCTION book_releases(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH r AS (
        SELECT * FROM jsonb_to_recordset(p->'releases') AS x (
            lot bigint, activates_at timestamptz, active boolean, expires_at timestamptz)
    ), woken AS (
        UPDATE loyalty_pointslot l SET
            activates_at = r.activates_at, active_at = CASE WHEN r.active THEN r.activates_at END,
            expires_at = r.expires_at, waits_for = '', drops = false
        FROM r WHERE l.entry_id = r.lot AND l.active_at IS NULL RETURNING l.account_id, l.remaining, r.active
    ), sums AS (
        SELECT account_id, sum(remaining) AS points FROM woken WHERE active GROUP BY account_id
    )
    UPDATE loyalty_pointsaccount a SET balance = a.balance + s.points, pending = a.pending - s.points
    FROM sums s WHERE a.id = s.account_id;
END $$;

-- An activity: what is valid now and rolls lives as many months from then. What has run out by now isn't woken, whether
-- the night has come by or not; `until` never brings a day forward.
CREATE FUNCTION book_activity(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_pointslot l SET expires_at = r.until
    FROM (SELECT account, months, max(until) AS until
          FROM jsonb_to_recordset(p->'activity') AS x (account bigint, months smallint, until timestamptz)
          GROUP BY account, months) r
    WHERE l.account_id = r.account AND l.rolls = r.months AND l.rolls > 0 AND l.remaining + l.held > 0
      AND l.expires_at > p_now AND l.expires_at < r.until;
    UPDATE loyalty_pointsaccount a SET last_active_at = r.at
    FROM (SELECT account, max(at) AS at FROM jsonb_to_recordset(p->'activity') AS x (account bigint, at timestamptz)
          GROUP BY account) r
    WHERE a.id = r.account AND (a.last_active_at IS NULL OR a.last_active_at < r.at);
END $$;

-- Points spent on an order that goes back: each lot gets its part again, with its expiry or the new one (regrant_until);
-- collect: what an earlier return claimed of it while it was spent. The plan was judged on the lots as they stand.
CREATE FUNCTION book_restores(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_item jsonb;
    v_account bigint;
    v_points bigint;
    v_entry bigint;
    v_lots bigint[];
    v_parts bigint[];
BEGIN
    FOR v_item IN SELECT value FROM jsonb_array_elements(p->'restores') LOOP
        v_account := (v_item->>'account')::bigint;
        v_points := (v_item->>'points')::bigint;
        UPDATE loyalty_pointsaccount SET balance = balance + v_points, spent = spent - v_points WHERE id = v_account;
        v_entry := points_entry(v_account, p_now, (v_item->'entry') || jsonb_build_object(
            'kind', 'reverse', 'points', v_points, 'reversal_of', (v_item->>'spend')::bigint));
        SELECT array_agg(lot ORDER BY n), array_agg(points ORDER BY n) INTO v_lots, v_parts
        FROM ROWS FROM (jsonb_to_recordset(v_item->'lots') AS (lot bigint, points bigint))
            WITH ORDINALITY AS x (lot, points, n);
        UPDATE loyalty_pointslot l SET
            remaining = l.remaining + x.points,
            expires_at = CASE WHEN l.expires_at <= p_now AND v_item->>'regrant_until' IS NOT NULL
                              THEN (v_item->>'regrant_until')::timestamptz ELSE l.expires_at END
        FROM unnest(v_lots, v_parts) AS x (lot, points) WHERE l.entry_id = x.lot;
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points)
        SELECT v_entry, lot, points FROM unnest(v_lots, v_parts) AS x (lot, points) ORDER BY lot;
        IF (v_item->>'collect')::boolean THEN
            PERFORM points_collect_lots(v_account, v_lots, v_parts, v_entry::text, p_now, v_item->'entry');
        END IF;
        PERFORM points_expire(ARRAY[v_account], p_now);
        PERFORM points_repay(v_account, p_now);
    END LOOP;
END $$;

-- The event itself, and first of all what it does to lots that are there already.

CREATE OR REPLACE FUNCTION book_events(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p ? 'releases' THEN
        PERFORM book_releases(p, p_now);
    END IF;
    IF p ? 'activity' THEN
        PERFORM book_activity(p, p_now);
    END IF;
    INSERT INTO loyalty_event (
        id, source, external_id, type, program_id, member_id, version_id, occurred_at, received_at, initiated_by, actor,
        status, payload, payload_hash, trace, result)
    SELECT id, source, external_id, type, program_id, member_id, version_id, occurred_at, p_now, initiated_by, actor,
           status, payload, decode(payload_hash, 'hex'), trace, result
    FROM jsonb_to_recordset(p->'events') AS r (
        id uuid, source text, external_id text, type text, program_id bigint, member_id bigint, version_id bigint,
        occurred_at timestamptz, initiated_by text, actor text, status text, payload jsonb, payload_hash text,
        trace jsonb, result jsonb)
    ORDER BY source, external_id;
    IF p ? 'restores' THEN
        PERFORM book_restores(p, p_now);
    END IF;
END $$;

-- A return that names lines says how much of each.
CREATE OR REPLACE FUNCTION book_refunds(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_order o SET
        refunded_minor = o.refunded_minor + r.amount_minor, returned_lines = coalesce(r.lines, o.returned_lines)
    FROM (SELECT event_id, sum(amount_minor) AS amount_minor,
                 (array_agg(lines ORDER BY n DESC) FILTER (WHERE lines IS NOT NULL))[1] AS lines
          FROM ROWS FROM (jsonb_to_recordset(p->'refunds') AS (event_id uuid, amount_minor bigint, lines jsonb))
              WITH ORDINALITY AS x (event_id, amount_minor, lines, n) GROUP BY event_id) r
    WHERE o.event_id = r.event_id;
END $$;

-- Everything that one has goes into an account that is shared from now on, what is pending too, with its dates.
-- The caller has locked and settled both members; nothing is held and nothing is owed. Returns how many points.
CREATE FUNCTION points_pour(p_from bigint, p_to bigint, p_now timestamptz, p_transfer jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_points bigint;
    v_out bigint;
    v_in bigint;
    v_lot record;
    v_id uuid := (p_transfer->>'id')::uuid;
    v_entry jsonb := p_transfer || jsonb_build_object('kind', 'transfer', 'transfer', v_id);
BEGIN
    SELECT balance + pending INTO STRICT v_points FROM loyalty_pointsaccount WHERE id = p_from;
    IF v_points = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO loyalty_pointstransfer (
        id, sender_id, recipient_id, points, cause, effect, note, at, source, initiated_by, actor)
    VALUES (
        v_id, p_from, p_to, v_points, p_transfer->>'cause', p_transfer->>'effect', '', p_now, p_transfer->>'source',
        p_transfer->>'initiated_by', p_transfer->>'actor');
    UPDATE loyalty_pointsaccount SET balance = 0, pending = 0 WHERE id = p_from;
    v_out := points_entry(p_from, p_now, v_entry || jsonb_build_object(
        'points', -v_points, 'effect', 'transfer:' || v_id, 'reason', p_transfer->'reason_out'));
    FOR v_lot IN
        SELECT l.*, e.order_number FROM loyalty_pointslot l JOIN loyalty_pointsentry e ON e.id = l.entry_id
        WHERE l.account_id = p_from AND l.remaining > 0 ORDER BY l.expires_at NULLS LAST, l.entry_id
    LOOP
        UPDATE loyalty_pointslot SET remaining = 0 WHERE entry_id = v_lot.entry_id;
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_out, v_lot.entry_id, -v_lot.remaining);
        UPDATE loyalty_pointsaccount SET
            balance = balance + CASE WHEN v_lot.active_at IS NULL THEN 0 ELSE v_lot.remaining END,
            pending = pending + CASE WHEN v_lot.active_at IS NULL THEN v_lot.remaining ELSE 0 END
        WHERE id = p_to;
        v_in := points_entry(p_to, p_now, v_entry || jsonb_build_object(
            'points', v_lot.remaining, 'effect', 'transfer:' || v_id || ':' || v_lot.entry_id,
            'reason', p_transfer->'reason_in', 'expires_at', v_lot.expires_at, 'order_number', v_lot.order_number));
        INSERT INTO loyalty_pointslot (
            entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at, rolls, waits_for,
            drops, expiry)
        VALUES (
            v_in, p_to, v_lot.remaining, v_lot.remaining, 0, 0, v_lot.activates_at, v_lot.active_at, v_lot.expires_at,
            v_lot.rolls, v_lot.waits_for, v_lot.drops, v_lot.expiry);
    END LOOP;
    PERFORM points_repay(p_to, p_now);
    RETURN v_points;
END $$;
