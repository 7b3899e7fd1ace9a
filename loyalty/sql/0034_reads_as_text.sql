-- What balances_read() and tiers_read() give, as one JSON text each: seventeen and ten columns take longer to look up and
-- to turn into Python than all the rest of the read. The old ones stay while processes run that know only those.
--
-- [[[place, member, program, slug, stamp, currency, balance, pending, reserved, debt, expired, woken, missed, next points,
-- next at], …], {currency: [back, gone]}], or NULL unless exactly one place is meant. The second part is what comes back from
-- holds whose time is up; most members have no hold, and where nothing is reserved none is looked for.
CREATE FUNCTION balances_told(p_public_id uuid, p_external_id text, p_program text, p_now timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_member bigint;
    v_holder bigint;
    v_reserved boolean;
    v_lines text;
    v_back text;
BEGIN
    IF p_public_id IS NOT NULL THEN
        SELECT m.id INTO v_member FROM members_member m WHERE m.public_id = p_public_id;
    ELSE
        SELECT m.id INTO v_member FROM members_member m WHERE m.external_id = p_external_id;
    END IF;
    SELECT json_agg(json_build_array(
               w.id, w.public_id, w.program_id, w.slug, w.stamp, a.currency, a.balance, a.pending, a.reserved, a.debt,
               d.expired, d.woken, d.missed, n.points, n.expires_at) ORDER BY a.id)::text,
           bool_or(a.reserved > 0), min(w.holder)
    INTO v_lines, v_reserved, v_holder
    FROM (
        SELECT e.id, m.public_id, p.id AS program_id, p.slug, p.stamp, coalesce(e.pool_id, e.id) AS holder,
               count(*) OVER () AS places
        FROM loyalty_enrollment e JOIN members_member m ON m.id = e.member_id
        JOIN loyalty_program p ON p.id = e.program_id
        WHERE e.member_id = v_member AND p.archived_at IS NULL AND (p_program IS NULL OR p.slug = p_program)
    ) w
    LEFT JOIN loyalty_pointsaccount a ON a.enrollment_id = w.holder
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(l.remaining) FILTER (WHERE l.expires_at <= p_now AND l.active_at IS NOT NULL), 0)::bigint AS expired,
               coalesce(sum(l.remaining) FILTER (WHERE l.active_at IS NULL AND l.activates_at <= p_now), 0)::bigint AS woken,
               coalesce(sum(l.remaining) FILTER (WHERE l.active_at IS NULL AND l.expires_at <= p_now), 0)::bigint AS missed
        FROM loyalty_pointslot l WHERE l.account_id = a.id AND l.remaining > 0
    ) d ON true
    LEFT JOIN LATERAL (
        SELECT sum(l.remaining)::bigint AS points, l.expires_at FROM loyalty_pointslot l
        WHERE l.account_id = a.id AND l.remaining > 0 AND l.active_at IS NOT NULL AND l.expires_at > p_now
        GROUP BY l.expires_at ORDER BY l.expires_at LIMIT 1
    ) n ON true
    WHERE w.places = 1;
    IF v_reserved THEN
        SELECT json_object_agg(h.currency, json_build_array(h.back, h.gone))::text INTO v_back
        FROM (
            SELECT a.currency, sum(t.points)::bigint AS back,
                   coalesce(sum(t.points) FILTER (WHERE l.expires_at <= p_now AND o.regrant_until IS NULL), 0)::bigint AS gone
            FROM loyalty_pointsaccount a JOIN loyalty_pointshold o ON o.account_id = a.id
            JOIN loyalty_holdlot t ON t.hold_id = o.id
            JOIN loyalty_pointslot l ON l.entry_id = t.lot_id
            WHERE a.enrollment_id = v_holder AND o.state = 'held' AND o.expires_at <= p_now
            GROUP BY a.currency
        ) h;
    END IF;
    RETURN '[' || v_lines || ',' || coalesce(v_back, '{}') || ']';
END $$;

-- [place, member, program, slug, stamp, joined at, enrolled at, standings, counters, balances], or NULL likewise.
CREATE FUNCTION tiers_told(p_public_id uuid, p_external_id text, p_program text) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_member bigint;
    v_told text;
BEGIN
    IF p_public_id IS NOT NULL THEN
        SELECT m.id INTO v_member FROM members_member m WHERE m.public_id = p_public_id;
    ELSE
        SELECT m.id INTO v_member FROM members_member m WHERE m.external_id = p_external_id;
    END IF;
    SELECT json_build_array(
               w.id, w.public_id, w.program_id, w.slug, w.stamp, w.joined_at, w.enrolled_at,
               coalesce((SELECT json_agg(json_build_array(s.ladder, s.tier, s.since, s.valid_until))
                         FROM loyalty_tierstanding s WHERE s.enrollment_id = w.id), '[]'),
               coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
                         FROM loyalty_progresscounter c
                         WHERE c.enrollment_id = w.id AND c.key LIKE 'tier:%'), '{}'),
               coalesce((SELECT json_object_agg(a.currency, a.balance) FROM loyalty_pointsaccount a
                         WHERE a.enrollment_id = w.holder), '{}'))::text
    INTO v_told
    FROM (
        SELECT e.id, m.public_id, m.joined_at, e.enrolled_at, p.id AS program_id, p.slug, p.stamp,
               coalesce(e.pool_id, e.id) AS holder, count(*) OVER () AS places
        FROM loyalty_enrollment e JOIN members_member m ON m.id = e.member_id
        JOIN loyalty_program p ON p.id = e.program_id
        WHERE e.member_id = v_member AND p.archived_at IS NULL AND (p_program IS NULL OR p.slug = p_program)
    ) w
    WHERE w.places = 1;
    RETURN v_told;
END $$;
