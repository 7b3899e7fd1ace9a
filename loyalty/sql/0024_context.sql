-- As before; an order's number is its source's: lots say whose order they wait for, and points that were held for an order
-- of the same number of another source aren't this one's.
-- What judging a batch needs, read in one call and one snapshot (that is what STABLE means here): rows of (what, text of
-- a JSON value). The statements are planned once per connection, for any arguments; sent as one statement,
-- or planned for each call's arguments, planning them costs four times as much as running them. A plan that scans a
-- table, made while that was small, would be kept too: hence no scans.
-- what: stamp [program, stamp]; twin, member, order as loyalty/reading.py has them.
CREATE OR REPLACE FUNCTION loyalty_context(
    p_sources text[], p_external_ids text[],                 -- the events' own names, for their twins
    p_ids uuid[], p_members text[], p_emails text[],         -- members by public id, external id, e-mail (lower case)
    p_oldest timestamptz, p_counters text[],                 -- tier moves after this; cap counters as key@period
    p_order_sources text[], p_order_numbers text[], p_now timestamptz
) RETURNS TABLE (what text, body text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_members bigint[];
BEGIN
    RETURN QUERY
    SELECT 'stamp', json_build_array(p.id, p.stamp)::text FROM loyalty_program p WHERE p.archived_at IS NULL;

    RETURN QUERY
    SELECT 'twin', json_build_object('source', e.source, 'external_id', e.external_id,
        'payload_hash', encode(e.payload_hash, 'hex'), 'result', e.result)::text
    FROM unnest(p_sources, p_external_ids) AS k (source, external_id)
    JOIN loyalty_event e ON e.source = k.source AND e.external_id = k.external_id;

    IF cardinality(p_ids) > 0 THEN
        v_members := v_members || ARRAY(SELECT m.id FROM members_member m WHERE m.public_id = ANY (p_ids));
    END IF;
    IF cardinality(p_members) > 0 THEN
        v_members := v_members || ARRAY(SELECT m.id FROM members_member m WHERE m.external_id = ANY (p_members));
    END IF;
    IF cardinality(p_emails) > 0 THEN
        v_members := v_members || ARRAY(SELECT m.id FROM members_member m WHERE lower(m.email) = ANY (p_emails));
    END IF;
    IF v_members IS NOT NULL THEN
        RETURN QUERY
        SELECT 'member', json_build_object('id', m.id, 'public_id', m.public_id, 'external_id', m.external_id,
            'email', m.email, 'status', m.status, 'language', m.language, 'joined_at', m.joined_at,
            'birth_date', m.birth_date, 'time_zone', m.time_zone, 'attributes', m.attributes, 'facts', coalesce((
            SELECT json_object_agg(f.key, f.value) FROM members_memberfact f
            WHERE f.member_id = m.id AND (f.until IS NULL OR f.until > p_now)), '{}'), 'places', coalesce((
            SELECT json_agg(json_build_object('id', n.id, 'program_id', n.program_id, 'version', n.version, 'enrolled_at', n.enrolled_at,
                'pool_id', n.pool_id, 'pool_version', (SELECT h.version FROM loyalty_enrollment h WHERE h.id = n.pool_id),
                'waiting', coalesce((SELECT json_agg(json_build_object('lot', l.entry_id, 'account', l.account_id,
                    'points', l.remaining, 'event', l.waits_for, 'source', e.source, 'order_number', e.order_number,
                    'expiry', l.expiry)
                    ORDER BY l.entry_id)
                    FROM loyalty_pointsaccount a JOIN loyalty_pointslot l ON l.account_id = a.id
                    JOIN loyalty_pointsentry e ON e.id = l.entry_id
                    WHERE a.enrollment_id = coalesce(n.pool_id, n.id) AND l.active_at IS NULL AND l.waits_for <> ''
                      AND l.activates_at > p_now), '[]'),
                'accounts', coalesce((SELECT json_agg(to_jsonb(a)
                    || jsonb_build_object('held', a.balance + a.pending + a.reserved))
                    FROM loyalty_pointsaccount a WHERE a.enrollment_id = coalesce(n.pool_id, n.id)), '[]'),
                'standings', coalesce((SELECT json_agg(to_jsonb(s) || jsonb_build_object('before', coalesce((
                        -- An earned one shows in the counters; what came otherwise only shows in the moves.
                        SELECT c.from_tier FROM (
                            SELECT id, from_tier FROM loyalty_tierchange
                            WHERE enrollment_id = n.id AND ladder = s.ladder ORDER BY id DESC LIMIT 1) c
                        WHERE (SELECT cause FROM loyalty_tierchange
                            WHERE enrollment_id = n.id AND ladder = s.ladder AND id < c.id ORDER BY id DESC LIMIT 1)
                            NOT IN ('earned', 'floor')), '')))
                    FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id), '[]'),
                'moves', coalesce((SELECT json_agg(json_build_object('ladder', c.ladder, 'from_tier', c.from_tier,
                    'at', c.at) ORDER BY c.at, c.id)
                    FROM loyalty_tierchange c WHERE c.enrollment_id = n.id AND c.at > p_oldest), '[]'),
                'counters', coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
                    FROM loyalty_progresscounter c WHERE c.enrollment_id = n.id
                      AND (c.key LIKE 'tier:%' OR (c.key || '@' || c.period) = ANY (p_counters))), '{}')))
            FROM loyalty_enrollment n WHERE n.member_id = m.id), '[]'))::text
        FROM members_member m WHERE m.id = ANY (v_members);
    END IF;

    IF cardinality(p_order_sources) > 0 THEN
        RETURN QUERY
        SELECT 'order', json_build_object('event_id', o.event_id, 'source', o.source, 'number', o.number,
            'member_id', o.member_id, 'program_id', v.program_id, 'version_id', v.version_id, 'total_minor', o.total_minor,
            'refunded_minor', o.refunded_minor, 'due', EXISTS (
                SELECT 1 FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id IN (n.id, n.pool_id)
                JOIN loyalty_pointslot l ON l.account_id = a.id WHERE n.member_id = o.member_id AND (
                    (l.active_at IS NULL AND l.activates_at <= p_now)
                    OR (l.active_at IS NOT NULL AND l.remaining > 0 AND l.expires_at <= p_now)))
                OR EXISTS (
                SELECT 1 FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id IN (n.id, n.pool_id)
                JOIN loyalty_pointshold h ON h.account_id = a.id
                WHERE n.member_id = o.member_id AND h.state = 'held' AND h.expires_at <= p_now),
            'lines', coalesce(v.payload->'order'->'lines', '[]'), 'returned_lines', o.returned_lines, 'spends', coalesce((
                SELECT json_agg(json_build_object('entry', e.id, 'account', e.account_id, 'points', -e.points,
                    'restored', coalesce((SELECT sum(r.points) FROM loyalty_pointsentry r WHERE r.reversal_of_id = e.id), 0),
                    'lots', (SELECT json_agg(json_build_object('lot', l.entry_id, 'points', -d.points,
                        'expires_at', l.expires_at, 'back', coalesce((
                            SELECT sum(b.points) FROM loyalty_lotdraw b JOIN loyalty_pointsentry r ON r.id = b.entry_id
                            WHERE r.reversal_of_id = e.id AND b.lot_id = l.entry_id AND b.points > 0), 0),
                        'remaining', l.remaining, 'forgiven', least(l.reversed, l.granted - l.expired) - coalesce((
                            SELECT sum(-c.points + c.debt) FROM loyalty_pointsentry c WHERE c.reversal_of_id = l.entry_id), 0))
                        ORDER BY d.id DESC)
                        FROM loyalty_lotdraw d JOIN loyalty_pointslot l ON l.entry_id = d.lot_id WHERE d.entry_id = e.id))
                    ORDER BY e.id DESC)
                FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id = coalesce(n.pool_id, n.id)
                JOIN loyalty_pointshold h ON h.account_id = a.id AND h.order_number = o.number AND h.state = 'captured'
                  AND (h.source = o.source OR NOT EXISTS (
                      SELECT 1 FROM loyalty_order x WHERE x.source = h.source AND x.number = h.order_number))
                JOIN loyalty_pointsentry e ON e.id = h.entry_id
                WHERE n.member_id = o.member_id AND n.program_id = v.program_id), '[]'),
            'awards', coalesce(v.trace->'awards', '[]'), 'raised', coalesce(v.trace->'raised', '[]'),
            'acts', coalesce(v.trace->'acts', '[]'), 'counted', CASE WHEN v.trace ? 'raised' THEN coalesce((
                SELECT json_object_agg(c.key || '@' || c.period, c.value)
                FROM loyalty_enrollment n JOIN loyalty_progresscounter c ON c.enrollment_id = n.id
                WHERE n.member_id = o.member_id AND n.program_id = v.program_id AND (c.key, c.period) IN (
                    SELECT r->>'key', r->>'period' FROM jsonb_array_elements(v.trace->'raised') r)), '{}')
            ELSE '{}' END, 'lots', coalesce((
            SELECT json_agg(to_jsonb(l) || jsonb_build_object('entry', l.entry_id, 'account', l.account_id,
                'effect', e.effect, 'rule', e.rule, 'active', l.active_at IS NOT NULL) ORDER BY l.entry_id)
            FROM loyalty_pointsentry e JOIN loyalty_pointslot l ON l.entry_id = e.id
            WHERE e.event_id = o.event_id), '[]'))::text
        FROM unnest(p_order_sources, p_order_numbers) AS k (source, number)
        JOIN loyalty_order o ON o.source = k.source AND o.number = k.number
        JOIN loyalty_event v ON v.id = o.event_id;
    END IF;
END $$;

-- Everything that one has goes into an account that is shared from now on, what is pending too, with its dates.
-- What waits for an order goes on waiting for it. The caller has locked and settled both members; nothing is held and nothing is owed. Returns how many points.
CREATE OR REPLACE FUNCTION points_pour(p_from bigint, p_to bigint, p_now timestamptz, p_transfer jsonb) RETURNS bigint
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
        SELECT l.*, e.order_number, e.source FROM loyalty_pointslot l JOIN loyalty_pointsentry e ON e.id = l.entry_id
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
            'reason', p_transfer->'reason_in', 'expires_at', v_lot.expires_at, 'order_number', v_lot.order_number,
            -- Whose order it is goes with its number.
            'source', CASE WHEN v_lot.order_number <> '' THEN v_lot.source ELSE p_transfer->>'source' END));
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
