-- As before, with two statements instead of three: whose place it is is found and proven to be the only one within the
-- query that reads it.
CREATE OR REPLACE FUNCTION tiers_read(p_public_id uuid, p_external_id text, p_program text) RETURNS TABLE (
    place bigint, member uuid, program bigint, slug text, stamp integer, joined_at timestamptz, enrolled_at timestamptz,
    standings text, counters text, balances text
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_member bigint;
BEGIN
    IF p_public_id IS NOT NULL THEN
        SELECT m.id INTO v_member FROM members_member m WHERE m.public_id = p_public_id;
    ELSE
        SELECT m.id INTO v_member FROM members_member m WHERE m.external_id = p_external_id;
    END IF;
    RETURN QUERY
    SELECT w.id, w.public_id, w.program_id, w.slug::text, w.stamp::integer, w.joined_at, w.enrolled_at,
           coalesce((SELECT json_agg(json_build_array(s.ladder, s.tier, s.since, s.valid_until))
                     FROM loyalty_tierstanding s WHERE s.enrollment_id = w.id), '[]')::text,
           coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
                     FROM loyalty_progresscounter c
                     WHERE c.enrollment_id = w.id AND c.key LIKE 'tier:%'), '{}')::text,
           coalesce((SELECT json_object_agg(a.currency, a.balance) FROM loyalty_pointsaccount a
                     WHERE a.enrollment_id = w.holder), '{}')::text
    FROM (
        SELECT e.id, m.public_id, m.joined_at, e.enrolled_at, p.id AS program_id, p.slug, p.stamp,
               coalesce(e.pool_id, e.id) AS holder, count(*) OVER () AS places
        FROM loyalty_enrollment e JOIN members_member m ON m.id = e.member_id
        JOIN loyalty_program p ON p.id = e.program_id
        WHERE e.member_id = v_member AND p.archived_at IS NULL AND (p_program IS NULL OR p.slug = p_program)
    ) w
    WHERE w.places = 1;
END $$;
