-- The floor of a booking: the rows that one event leaves, put into tables like the brand's with their indexes by one
-- prepared call. Nothing is judged, read, proven or locked ahead, and no plan is taken apart.
CREATE FUNCTION bench_bare.store_one(
    p_event bench_bare.loyalty_event[], p_order bench_bare.loyalty_order[], p_entries bench_bare.loyalty_pointsentry[],
    p_lots bench_bare.loyalty_pointslot[], p_outbox bench_bare.core_outboxmessage[], p_accounts bigint[],
    p_points bigint[], p_enrollments bigint[], p_keys text[], p_periods text[], p_deltas bigint[]
) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET search_path = bench_bare AS $$
BEGIN
    INSERT INTO loyalty_event SELECT * FROM unnest(p_event);
    INSERT INTO loyalty_order SELECT * FROM unnest(p_order);
    INSERT INTO loyalty_pointsentry SELECT * FROM unnest(p_entries);
    INSERT INTO loyalty_pointslot SELECT * FROM unnest(p_lots);
    UPDATE loyalty_pointsaccount a SET balance = a.balance + s.points, issued = a.issued + s.points
    FROM unnest(p_accounts, p_points) AS s (account, points) WHERE a.id = s.account;
    INSERT INTO loyalty_progresscounter AS c (enrollment_id, key, period, value)
    SELECT * FROM unnest(p_enrollments, p_keys, p_periods, p_deltas)
    ON CONFLICT (enrollment_id, key, period) DO UPDATE SET value = c.value + excluded.value;
    INSERT INTO core_outboxmessage SELECT * FROM unnest(p_outbox);
END $$;
