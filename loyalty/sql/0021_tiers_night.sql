-- The same as in 0020, in two steps: what moves is worked out first, and written then. In one statement the planner, which
-- can't know how many come out of a WITH, joined them with each other row by row: the square of the chunk.
CREATE OR REPLACE FUNCTION tiers_expire_batch(
    p_program bigint, p_slug text, p_ladder text, p_until timestamptz, p_after bigint, p_limit integer,
    p_now timestamptz, p_plan jsonb
) RETURNS TABLE (last_enrollment bigint, looked_at integer)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_ids bigint[];
    v_codes text[] := ARRAY(SELECT jsonb_array_elements_text(p_plan->'tiers'));
    v_down integer[] := ARRAY(SELECT jsonb_array_elements_text(p_plan->'down')::integer);
    v_keys text[] := ARRAY(SELECT jsonb_array_elements_text(p_plan->'keys'));
    v_step text := p_plan->>'step';
    v_holds timestamptz := (p_plan->>'holds')::timestamptz;
    v_standings bigint[];
    v_enrollments bigint[];
    v_from text[];
    v_to text[];
    v_kinds text[];
    v_untils timestamptz[];
BEGIN
    v_ids := ARRAY(
        SELECT s.enrollment_id FROM loyalty_tierstanding s
        JOIN loyalty_enrollment n ON n.id = s.enrollment_id AND n.program_id = p_program
        WHERE s.valid_until = p_until AND s.enrollment_id > p_after AND s.ladder = p_ladder AND s.floor_tier = ''
        ORDER BY s.enrollment_id LIMIT p_limit);
    IF cardinality(v_ids) = 0 THEN
        RETURN QUERY SELECT NULL::bigint, 0;
        RETURN;
    END IF;
    PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (v_ids) ORDER BY id FOR NO KEY UPDATE;

    PERFORM set_config('enable_nestloop', 'off', true);
    WITH windows AS MATERIALIZED (
        SELECT w.n, w.value->>0 AS first, w.value->>1 AS last, (w.value->>2)::timestamptz AS until
        FROM jsonb_array_elements(p_plan->'windows') WITH ORDINALITY AS w (value, n)
    ), asked AS MATERIALIZED (
        SELECT (r.n - 1)::integer AS rank, m.n::integer AS metric, m.amount::bigint AS amount
        FROM jsonb_array_elements(p_plan->'asked') WITH ORDINALITY AS r (value, n)
        CROSS JOIN LATERAL jsonb_array_elements_text(nullif(r.value, 'null')) WITH ORDINALITY AS m (amount, n)
    ), due AS MATERIALIZED (
        -- Read again under the lock: an event may have come first.
        SELECT s.id, s.enrollment_id, s.tier, coalesce(array_position(v_codes, s.tier::text) - 1, -1) AS rank
        FROM loyalty_tierstanding s
        WHERE s.enrollment_id = ANY (v_ids) AND s.ladder = p_ladder AND s.valid_until = p_until AND s.floor_tier = ''
    ), sums AS MATERIALIZED (
        SELECT c.enrollment_id, w.n AS w, array_position(v_keys, c.key::text) AS metric, sum(c.value) AS value
        FROM loyalty_progresscounter c JOIN windows w ON c.period BETWEEN w.first AND w.last
        WHERE c.enrollment_id = ANY (v_ids) AND c.key = ANY (v_keys)
        GROUP BY c.enrollment_id, w.n, c.key
    ), reached AS MATERIALIZED (
        SELECT p.enrollment_id, p.w, a.rank
        FROM (SELECT DISTINCT enrollment_id, w FROM sums) p
        CROSS JOIN asked a
        LEFT JOIN sums v ON v.enrollment_id = p.enrollment_id AND v.w = p.w AND v.metric = a.metric
        GROUP BY p.enrollment_id, p.w, a.rank
        HAVING CASE WHEN (p_plan->>'every')::boolean THEN bool_and(coalesce(v.value, 0) >= a.amount)
                    ELSE bool_or(coalesce(v.value, 0) >= a.amount) END
    ), best AS MATERIALIZED (
        SELECT DISTINCT ON (r.enrollment_id) r.enrollment_id, r.rank, CASE WHEN r.rank > 0 THEN w.until END AS until
        FROM reached r JOIN windows w ON w.n = r.w
        ORDER BY r.enrollment_id, r.rank DESC, w.until DESC NULLS LAST
    ), judged AS (
        SELECT d.id, d.enrollment_id, d.tier, d.rank, coalesce(b.rank, 0) AS reached, b.until, CASE
                WHEN d.rank < 0 THEN 'downgraded'
                WHEN coalesce(b.rank, 0) > d.rank THEN 'upgraded'
                WHEN d.rank = 0 OR v_step = 'none' OR b.rank = d.rank THEN 'kept'
                ELSE 'downgraded' END AS kind, CASE
                WHEN d.rank < 0 THEN 0
                WHEN coalesce(b.rank, 0) > d.rank THEN b.rank
                WHEN d.rank = 0 OR v_step = 'none' OR b.rank = d.rank THEN d.rank
                WHEN v_step = 'one_step' THEN greatest(v_down[d.rank + 1], coalesce(b.rank, 0))
                ELSE coalesce(b.rank, 0) END AS goes
        FROM due d LEFT JOIN best b ON b.enrollment_id = d.enrollment_id
    )
    SELECT array_agg(id ORDER BY enrollment_id), array_agg(enrollment_id ORDER BY enrollment_id),
           array_agg(tier::text ORDER BY enrollment_id), array_agg(v_codes[goes + 1] ORDER BY enrollment_id),
           array_agg(kind ORDER BY enrollment_id), array_agg(CASE
                WHEN kind = 'downgraded' AND goes = 0 THEN NULL
                WHEN kind = 'downgraded' AND goes = reached AND until IS NOT NULL AND v_holds IS NOT NULL
                    THEN greatest(v_holds, until)
                WHEN kind = 'downgraded' THEN v_holds
                WHEN kind = 'upgraded' THEN until
                WHEN rank = 0 OR v_step = 'none' THEN NULL
                ELSE until END ORDER BY enrollment_id)
    INTO v_standings, v_enrollments, v_from, v_to, v_kinds, v_untils FROM judged;
    PERFORM set_config('enable_nestloop', 'on', true);

    UPDATE loyalty_tierstanding s SET
        tier = m.goes, valid_until = m.until,
        since = CASE WHEN m.kind = 'kept' THEN s.since ELSE p_until END,
        cause = CASE WHEN m.kind = 'kept' THEN s.cause ELSE 'window_end' END
    FROM unnest(v_standings, v_to, v_kinds, v_untils) AS m (id, goes, kind, until) WHERE s.id = m.id;
    INSERT INTO loyalty_tierchange (enrollment_id, ladder, from_tier, to_tier, cause, at, recorded_at)
    SELECT m.enrollment_id, p_ladder, m.was, m.goes, 'window_end', p_until, p_now
    FROM unnest(v_enrollments, v_from, v_to, v_kinds) AS m (enrollment_id, was, goes, kind) WHERE m.kind <> 'kept';
    INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)
    SELECT 'tier.changed', jsonb_build_object(
            'member_id', b.public_id, 'program', p_slug, 'ladder', p_ladder, 'from_tier', m.was,
            'to_tier', m.goes, 'up', m.kind = 'upgraded', 'at', p_until), p_now, p_now, 0, ''
    FROM unnest(v_enrollments, v_from, v_to, v_kinds) AS m (enrollment_id, was, goes, kind)
    JOIN loyalty_enrollment n ON n.id = m.enrollment_id JOIN members_member b ON b.id = n.member_id
    WHERE m.kind <> 'kept';
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN QUERY SELECT v_ids[cardinality(v_ids)], cardinality(v_ids);
END $$;

-- Planned for the members that a chunk really has, not for the ten that a general plan supposes.
ALTER FUNCTION points_activate(bigint[], timestamptz) SET plan_cache_mode = force_custom_plan;
ALTER FUNCTION points_expire(bigint[], timestamptz) SET plan_cache_mode = force_custom_plan;
ALTER FUNCTION points_settle_batch(bigint, timestamptz, integer) SET plan_cache_mode = force_custom_plan;
