-- What the booking's tables name, which no foreign key holds: the booking names only what it has read or makes itself,
-- and nobody may delete a row of those tables (tenants/grants.py). This proves it. p_since as in loyalty_invariants().
CREATE FUNCTION loyalty_bonds(p_since timestamptz) RETURNS TABLE (promise text, detail jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT 'what an event names is there', jsonb_build_object('event', e.id)
    FROM loyalty_event e
    WHERE (p_since IS NULL OR e.received_at >= p_since) AND (
        NOT EXISTS (SELECT 1 FROM loyalty_program p WHERE p.id = e.program_id)
        OR (e.member_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM members_member m WHERE m.id = e.member_id))
        OR (e.version_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM loyalty_programversion v WHERE v.id = e.version_id AND v.program_id = e.program_id)));

    RETURN QUERY
    SELECT 'an order is of the event and member that it names', jsonb_build_object('order', o.event_id)
    FROM loyalty_order o LEFT JOIN loyalty_event e ON e.id = o.event_id
    WHERE (p_since IS NULL OR e.received_at IS NULL OR e.received_at >= p_since)
      AND (e.id IS NULL OR o.member_id IS DISTINCT FROM e.member_id OR o.source <> e.source);

    RETURN QUERY
    SELECT 'what an entry names is there', jsonb_build_object('entry', e.id)
    FROM loyalty_pointsentry e
    WHERE (p_since IS NULL OR e.recorded_at >= p_since) AND (
        NOT EXISTS (SELECT 1 FROM loyalty_pointsaccount a WHERE a.id = e.account_id)
        OR (e.event_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM loyalty_event v WHERE v.id = e.event_id))
        OR (e.reversal_of_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM loyalty_pointsentry r WHERE r.id = e.reversal_of_id))
        OR (e.transfer_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM loyalty_pointstransfer t WHERE t.id = e.transfer_id)));

    -- Its account is the entry's: 'an award has one lot of its points'.
    RETURN QUERY
    SELECT 'a lot is of an entry', jsonb_build_object('lot', l.entry_id)
    FROM loyalty_pointslot l
    WHERE NOT EXISTS (SELECT 1 FROM loyalty_pointsentry e WHERE e.id = l.entry_id);

    RETURN QUERY
    SELECT 'a counter is of a place', jsonb_build_object('counter', c.id)
    FROM loyalty_progresscounter c
    WHERE NOT EXISTS (SELECT 1 FROM loyalty_enrollment n WHERE n.id = c.enrollment_id);
END $$;
