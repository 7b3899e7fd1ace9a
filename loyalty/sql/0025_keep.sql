-- Lots in an enrollment's accounts that wait for an event about an order of that member become active on their latest day
-- at the latest. The caller has locked the enrollment. Returns how many.
CREATE FUNCTION points_keep(p_enrollment bigint, p_member bigint) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_lots integer;
BEGIN
    UPDATE loyalty_pointslot l SET drops = false
    FROM loyalty_pointsaccount a, loyalty_pointsentry e, loyalty_order o
    WHERE a.enrollment_id = p_enrollment AND l.account_id = a.id AND l.active_at IS NULL AND l.waits_for <> ''
      AND l.drops AND e.id = l.entry_id AND o.source = e.source AND o.number = e.order_number AND o.member_id = p_member;
    GET DIAGNOSTICS v_lots = ROW_COUNT;
    RETURN v_lots;
END $$;
