-- Where a member stands on the ladders as the API reads it: whose place it is and all that is shown of it, in one call whose
-- plans are kept, as balances_read(). standings: [ladder, tier, since, valid until]; counters: `key@period` → value of those
-- that tiers go by; balances: currency → what can be spent. No row unless exactly one place is meant.
CREATE FUNCTION tiers_read(p_public_id uuid, p_external_id text, p_program text) RETURNS TABLE (
    place bigint, member uuid, program bigint, slug text, stamp integer, joined_at timestamptz, enrolled_at timestamptz,
    standings text, counters text, balances text
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_member bigint;
    v_places bigint[];
BEGIN
    IF p_public_id IS NOT NULL THEN
        SELECT m.id INTO v_member FROM members_member m WHERE m.public_id = p_public_id;
    ELSE
        SELECT m.id INTO v_member FROM members_member m WHERE m.external_id = p_external_id;
    END IF;
    v_places := ARRAY(
        SELECT e.id FROM loyalty_enrollment e JOIN loyalty_program p ON p.id = e.program_id
        WHERE e.member_id = v_member AND p.archived_at IS NULL AND (p_program IS NULL OR p.slug = p_program)
        ORDER BY e.id LIMIT 2);
    IF cardinality(v_places) <> 1 THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT e.id, m.public_id, p.id, p.slug::text, p.stamp::integer, m.joined_at, e.enrolled_at,
           coalesce((SELECT json_agg(json_build_array(s.ladder, s.tier, s.since, s.valid_until))
                     FROM loyalty_tierstanding s WHERE s.enrollment_id = e.id), '[]')::text,
           coalesce((SELECT json_object_agg(c.key || '@' || c.period, c.value)
                     FROM loyalty_progresscounter c
                     WHERE c.enrollment_id = e.id AND c.key LIKE 'tier:%'), '{}')::text,
           coalesce((SELECT json_object_agg(a.currency, a.balance) FROM loyalty_pointsaccount a
                     WHERE a.enrollment_id = coalesce(e.pool_id, e.id)), '{}')::text
    FROM loyalty_enrollment e JOIN members_member m ON m.id = e.member_id JOIN loyalty_program p ON p.id = e.program_id
    WHERE e.id = v_places[1];
END $$;
