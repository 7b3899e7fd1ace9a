-- As before, in two thirds of the time: what few members have (lots that wait, tiers that moved) is looked for once before
-- it is read, counters are found by a hash of those wanted instead of one by one, and rows are told column by column.
CREATE OR REPLACE FUNCTION loyalty_context(
    p_sources text[], p_external_ids text[], p_ids uuid[], p_members text[], p_emails text[], p_oldest timestamptz,
    p_counters text[], p_order_sources text[], p_order_numbers text[], p_now timestamptz
) RETURNS TABLE (what text, body text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_members bigint[];
    v_waits boolean;
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
        v_waits := EXISTS (SELECT 1 FROM loyalty_pointslot WHERE active_at IS NULL AND waits_for <> '');
        RETURN QUERY
        SELECT 'member', json_build_object('id', m.id, 'public_id', m.public_id, 'external_id', m.external_id,
            'email', m.email, 'status', m.status, 'language', m.language, 'joined_at', m.joined_at,
            'birth_date', m.birth_date, 'time_zone', m.time_zone, 'attributes', m.attributes, 'facts', coalesce((
            SELECT json_object_agg(f.key, f.value) FROM members_memberfact f
            WHERE f.member_id = m.id AND (f.until IS NULL OR f.until > p_now)), '{}'), 'places', coalesce((
            SELECT json_agg(json_build_object('id', n.id, 'program_id', n.program_id, 'version', n.version, 'enrolled_at', n.enrolled_at,
                'pool_id', n.pool_id, 'pool_version', (SELECT h.version FROM loyalty_enrollment h WHERE h.id = n.pool_id),
                'waiting', CASE WHEN v_waits THEN coalesce((SELECT json_agg(json_build_object('lot', l.entry_id, 'account', l.account_id,
                    'points', l.remaining, 'event', l.waits_for, 'source', e.source, 'order_number', e.order_number,
                    'expiry', l.expiry)
                    ORDER BY l.entry_id)
                    FROM loyalty_pointsaccount a JOIN loyalty_pointslot l ON l.account_id = a.id
                    JOIN loyalty_pointsentry e ON e.id = l.entry_id
                    WHERE a.enrollment_id = coalesce(n.pool_id, n.id) AND l.active_at IS NULL AND l.waits_for <> ''
                      AND l.activates_at > p_now), '[]') ELSE '[]' END,
                'accounts', coalesce((SELECT json_agg(json_build_object('id', a.id, 'currency', a.currency, 'balance', a.balance,
                    'pending', a.pending, 'debt', a.debt, 'held', a.balance + a.pending + a.reserved,
                    'last_active_at', a.last_active_at))
                    FROM loyalty_pointsaccount a WHERE a.enrollment_id = coalesce(n.pool_id, n.id)), '[]'),
                'standings', coalesce((SELECT json_agg(json_build_object('ladder', s.ladder, 'tier', s.tier, 'since', s.since,
                    'valid_until', s.valid_until, 'cause', s.cause, 'floor_tier', s.floor_tier,
                    'floor_until', s.floor_until, 'own_tier', s.own_tier, 'own_until', s.own_until,
                    'before', CASE WHEN h.moved THEN coalesce((
                        -- An earned one shows in the counters; what came otherwise only shows in the moves.
                        SELECT c.from_tier FROM (
                            SELECT id, from_tier FROM loyalty_tierchange
                            WHERE enrollment_id = n.id AND ladder = s.ladder ORDER BY id DESC LIMIT 1) c
                        WHERE (SELECT cause FROM loyalty_tierchange
                            WHERE enrollment_id = n.id AND ladder = s.ladder AND id < c.id ORDER BY id DESC LIMIT 1)
                            NOT IN ('earned', 'floor')), '') ELSE '' END))
                    FROM loyalty_tierstanding s WHERE s.enrollment_id = n.id), '[]'),
                'moves', CASE WHEN h.moved THEN coalesce((SELECT json_agg(json_build_object('ladder', c.ladder,
                    'from_tier', c.from_tier, 'at', c.at) ORDER BY c.at, c.id)
                    FROM loyalty_tierchange c WHERE c.enrollment_id = n.id AND c.at > p_oldest), '[]') ELSE '[]' END,
                'counters', coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
                    FROM loyalty_progresscounter c WHERE c.enrollment_id = n.id
                      AND (c.key LIKE 'tier:%' OR (c.key || '@' || c.period) IN (SELECT unnest(p_counters)))), '{}')))
            FROM loyalty_enrollment n CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT 1 FROM loyalty_tierchange c WHERE c.enrollment_id = n.id) AS moved) h
            WHERE n.member_id = m.id), '[]'))::text
        FROM members_member m WHERE m.id = ANY (v_members);
    END IF;

    -- Few events name an order that is there, and the query below is the longest of all to get ready.
    IF EXISTS (SELECT 1 FROM unnest(p_order_sources, p_order_numbers) AS k (source, number)
               JOIN loyalty_order o ON o.source = k.source AND o.number = k.number) THEN
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
