-- Standings with the tier that is held anyway (a floor) beside the one that was earned.
CREATE OR REPLACE FUNCTION book_standings(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_tierstanding (
        enrollment_id, ladder, tier, since, valid_until, cause, floor_tier, floor_until, own_tier, own_until)
    SELECT enrollment, ladder, tier, since, valid_until, cause, coalesce(floor_tier, ''), floor_until,
           coalesce(own_tier, ''), own_until
    FROM jsonb_to_recordset(p->'standings') AS r (
        enrollment bigint, ladder text, tier text, since timestamptz, valid_until timestamptz, cause text,
        floor_tier text, floor_until timestamptz, own_tier text, own_until timestamptz)
    ON CONFLICT (enrollment_id, ladder)
        DO UPDATE SET tier = excluded.tier, since = excluded.since, valid_until = excluded.valid_until,
                      cause = excluded.cause, floor_tier = excluded.floor_tier, floor_until = excluded.floor_until,
                      own_tier = excluded.own_tier, own_until = excluded.own_until;
END $$;

-- What becomes active, for up to p_limit lots of a program at once, locking their members in order of id. 0 = none is.
CREATE FUNCTION points_activate_batch(p_program bigint, p_now timestamptz, p_limit integer) RETURNS integer
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
    v_lots := points_activate(v_accounts, p_now);
    UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (v_enrollments);
    RETURN greatest(v_lots, 1);
END $$;

-- The end of validity of up to p_limit standings of a ladder that end at the same instant, all at once: what
-- loyalty/rules/tiers.tier_expire does for one of them (tests/loyalty/engine/test_night_reviews.py holds the two
-- together). Returns the last enrollment that was looked at and how many; null and 0 when none is left after p_after.
-- p_plan: tiers (codes by rank), down (rank → the rank one step below), asked (per rank and metric what it takes; null
--   for a tier that is only given), every (all metrics or any), keys (of the counters, per metric), windows ([from, to,
--   until]: what counts, as periods, and until when that holds what it reaches), step ('none', 'one_step', 'full'),
--   holds (until when a tier holds that one falls to), rolls.
CREATE FUNCTION tiers_expire_batch(
    p_program bigint, p_slug text, p_ladder text, p_until timestamptz, p_after bigint, p_limit integer,
    p_now timestamptz, p_plan jsonb
) RETURNS TABLE (last_enrollment bigint, looked_at integer)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_ids bigint[];
    v_codes text[] := ARRAY(SELECT jsonb_array_elements_text(p_plan->'tiers'));
    v_down integer[] := ARRAY(SELECT jsonb_array_elements_text(p_plan->'down')::integer);
    v_step text := p_plan->>'step';
    v_holds timestamptz := (p_plan->>'holds')::timestamptz;
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

    WITH windows AS MATERIALIZED (
        SELECT w.n, w.value->>0 AS first, w.value->>1 AS last, (w.value->>2)::timestamptz AS until
        FROM jsonb_array_elements(p_plan->'windows') WITH ORDINALITY AS w (value, n)
    ), keys AS MATERIALIZED (
        SELECT k.key, k.n::integer AS n FROM jsonb_array_elements_text(p_plan->'keys') WITH ORDINALITY AS k (key, n)
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
        SELECT c.enrollment_id, w.n AS w, k.n AS metric, sum(c.value) AS value
        FROM loyalty_progresscounter c JOIN keys k ON k.key = c.key
        JOIN windows w ON c.period BETWEEN w.first AND w.last
        WHERE c.enrollment_id = ANY (v_ids)
        GROUP BY c.enrollment_id, w.n, k.n
    ), reached AS (
        SELECT s.enrollment_id, s.w, max(a.rank) AS rank
        FROM (SELECT DISTINCT enrollment_id, w FROM sums) s
        CROSS JOIN LATERAL (
            SELECT a.rank FROM asked a
            LEFT JOIN sums v ON v.enrollment_id = s.enrollment_id AND v.w = s.w AND v.metric = a.metric
            GROUP BY a.rank
            HAVING CASE WHEN (p_plan->>'every')::boolean THEN bool_and(coalesce(v.value, 0) >= a.amount)
                        ELSE bool_or(coalesce(v.value, 0) >= a.amount) END
        ) a
        GROUP BY s.enrollment_id, s.w
    ), best AS MATERIALIZED (
        SELECT DISTINCT ON (r.enrollment_id) r.enrollment_id, r.rank, CASE WHEN r.rank > 0 THEN w.until END AS until
        FROM reached r JOIN windows w ON w.n = r.w
        ORDER BY r.enrollment_id, r.rank DESC, w.until DESC NULLS LAST
    ), moves AS MATERIALIZED (
        SELECT m.id, m.enrollment_id, m.tier AS from_tier, m.kind, v_codes[m.goes + 1] AS to_tier, CASE
                WHEN m.kind = 'downgraded' AND m.goes = 0 THEN NULL
                WHEN m.kind = 'downgraded' AND m.goes = m.reached AND m.until IS NOT NULL AND v_holds IS NOT NULL
                    THEN greatest(v_holds, m.until)
                WHEN m.kind = 'downgraded' THEN v_holds
                WHEN m.kind = 'upgraded' THEN m.until
                WHEN m.rank = 0 OR v_step = 'none' THEN NULL
                ELSE m.until END AS valid_until
        FROM (
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
        ) m
    ), standings AS (
        UPDATE loyalty_tierstanding s SET
            tier = m.to_tier, valid_until = m.valid_until,
            since = CASE WHEN m.kind = 'kept' THEN s.since ELSE p_until END,
            cause = CASE WHEN m.kind = 'kept' THEN s.cause ELSE 'window_end' END
        FROM moves m WHERE s.id = m.id
    ), changes AS (
        INSERT INTO loyalty_tierchange (enrollment_id, ladder, from_tier, to_tier, cause, at, recorded_at)
        SELECT enrollment_id, p_ladder, from_tier, to_tier, 'window_end', p_until, p_now
        FROM moves WHERE kind <> 'kept' ORDER BY enrollment_id
    ), told AS (
        INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)
        SELECT 'tier.changed', jsonb_build_object(
                'member_id', b.public_id, 'program', p_slug, 'ladder', p_ladder, 'from_tier', m.from_tier,
                'to_tier', m.to_tier, 'up', m.kind = 'upgraded', 'at', p_until), p_now, p_now, 0, ''
        FROM moves m JOIN loyalty_enrollment n ON n.id = m.enrollment_id JOIN members_member b ON b.id = n.member_id
        WHERE m.kind <> 'kept' ORDER BY m.enrollment_id
    )
    UPDATE loyalty_enrollment n SET version = n.version + 1 FROM moves m WHERE n.id = m.enrollment_id;
    RETURN QUERY SELECT v_ids[cardinality(v_ids)], cardinality(v_ids);
END $$;
