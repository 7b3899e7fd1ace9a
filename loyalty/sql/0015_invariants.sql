-- Every row that breaks a promise of the ledger; none when all is well. p_since: only accounts and events touched
-- since then (null: everything). Unions with the other rooms' in ledger_invariants().
CREATE OR REPLACE FUNCTION loyalty_invariants(p_since timestamptz) RETURNS TABLE (promise text, detail jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH touched AS (
        SELECT a.* FROM loyalty_pointsaccount a
        WHERE p_since IS NULL OR EXISTS (
            SELECT 1 FROM loyalty_pointsentry e WHERE e.account_id = a.id AND e.recorded_at >= p_since)
    ), sums AS (
        SELECT t.id,
            coalesce(sum(e.points), 0) AS points, coalesce(sum(e.debt), 0) AS debt,
            coalesce(sum(e.points) FILTER (WHERE e.kind = 'earn' OR (e.kind = 'adjust' AND e.points > 0)), 0) AS issued,
            coalesce(-sum(e.points) FILTER (WHERE e.kind = 'spend' OR (e.kind = 'reverse' AND e.points > 0)), 0) AS spent,
            coalesce(-sum(e.points) FILTER (WHERE e.kind = 'expire'), 0) AS expired,
            coalesce(-sum(e.points) FILTER (WHERE e.kind = 'debt' OR (e.kind IN ('reverse', 'adjust') AND e.points < 0)), 0) AS reversed,
            coalesce(sum(e.points) FILTER (WHERE e.kind = 'transfer'), 0) AS transferred
        FROM touched t LEFT JOIN loyalty_pointsentry e ON e.account_id = t.id GROUP BY t.id
    ), lots AS (
        SELECT t.id,
            coalesce(sum(l.remaining) FILTER (WHERE l.active_at IS NOT NULL), 0) AS active,
            coalesce(sum(l.remaining) FILTER (WHERE l.active_at IS NULL), 0) AS pending,
            coalesce(sum(l.held), 0) AS held
        FROM touched t LEFT JOIN loyalty_pointslot l ON l.account_id = t.id GROUP BY t.id
    )
    SELECT c.promise, jsonb_build_object('account', t.id, 'stored', c.stored, 'proven', c.proven)
    FROM touched t JOIN sums s ON s.id = t.id JOIN lots l ON l.id = t.id
    CROSS JOIN LATERAL (VALUES
        ('entries sum to the holdings', (t.balance + t.pending + t.reserved)::numeric, s.points),
        ('entries sum to the debt', t.debt::numeric, s.debt),
        ('active lots sum to the balance', t.balance::numeric, l.active),
        ('waiting lots sum to pending', t.pending::numeric, l.pending),
        ('held lots sum to reserved', t.reserved::numeric, l.held),
        ('issued is what entries issued', t.issued::numeric, s.issued),
        ('spent is what entries spent', t.spent::numeric, s.spent),
        ('expired is what entries expired', t.expired::numeric, s.expired),
        ('reversed is what entries reversed', t.reversed::numeric, s.reversed),
        ('issued = held + spent + expired + reversed', t.issued + s.transferred,
            (t.balance + t.pending + t.reserved + t.spent + t.expired + t.reversed)::numeric),
        ('while there is debt, nothing can be spent', 0::numeric, least(t.debt, t.balance)::numeric)
    ) AS c (promise, stored, proven)
    WHERE c.stored <> c.proven;

    RETURN QUERY
    SELECT 'a lot is what was granted less what was drawn', jsonb_build_object('lot', l.entry_id, 'granted', l.granted,
           'remaining', l.remaining, 'held', l.held, 'drawn', d.points)
    FROM loyalty_pointslot l
    CROSS JOIN LATERAL (SELECT coalesce(sum(points), 0) AS points FROM loyalty_lotdraw WHERE lot_id = l.entry_id) d
    WHERE (p_since IS NULL OR EXISTS (
        SELECT 1 FROM loyalty_pointsentry e WHERE e.account_id = l.account_id AND e.recorded_at >= p_since))
      AND l.granted + d.points <> l.remaining + l.held;

    RETURN QUERY
    SELECT 'an award has one lot of its points', jsonb_build_object('entry', e.id, 'points', e.points, 'granted', l.granted)
    FROM loyalty_pointsentry e LEFT JOIN loyalty_pointslot l ON l.entry_id = e.id
    WHERE (p_since IS NULL OR e.recorded_at >= p_since)
      AND (CASE WHEN e.kind = 'earn' OR (e.kind IN ('adjust', 'transfer') AND e.points > 0)
                THEN l.granted IS DISTINCT FROM e.points OR l.account_id <> e.account_id ELSE l.entry_id IS NOT NULL END);

    RETURN QUERY
    SELECT 'what leaves or comes back names its lots', jsonb_build_object('entry', e.id, 'points', e.points, 'drawn', d.points)
    FROM loyalty_pointsentry e
    CROSS JOIN LATERAL (SELECT coalesce(sum(points), 0) AS points FROM loyalty_lotdraw WHERE entry_id = e.id) d
    WHERE (p_since IS NULL OR e.recorded_at >= p_since)
      AND (e.points < 0 OR e.kind = 'reverse') AND e.points <> d.points;

    RETURN QUERY
    SELECT 'draws stay within the account', jsonb_build_object('draw', d.id)
    FROM loyalty_lotdraw d JOIN loyalty_pointsentry e ON e.id = d.entry_id JOIN loyalty_pointslot l ON l.entry_id = d.lot_id
    WHERE (p_since IS NULL OR e.recorded_at >= p_since) AND e.account_id <> l.account_id;

    RETURN QUERY
    SELECT 'no award gives back more than it gave', jsonb_build_object('entry', r.reversal_of_id)
    FROM loyalty_pointsentry r JOIN loyalty_pointsentry o ON o.id = r.reversal_of_id
    WHERE p_since IS NULL OR r.recorded_at >= p_since
    GROUP BY r.reversal_of_id, o.points, o.kind
    HAVING abs(sum(r.points)) + sum(r.debt) > abs(o.points) OR o.kind IN ('reverse', 'expire', 'debt');

    RETURN QUERY
    SELECT 'returns stay within the sale', jsonb_build_object('order', o.event_id)
    FROM loyalty_order o WHERE o.refunded_minor < 0 OR o.refunded_minor > o.total_minor;

    RETURN QUERY
    SELECT 'what a lot lost by running out is what expiry drew', jsonb_build_object('lot', l.entry_id, 'expired', l.expired,
           'drawn', x.points)
    FROM loyalty_pointslot l
    CROSS JOIN LATERAL (
        SELECT coalesce(-sum(d.points), 0) AS points FROM loyalty_lotdraw d JOIN loyalty_pointsentry e ON e.id = d.entry_id
        WHERE d.lot_id = l.entry_id AND e.kind = 'expire') x
    WHERE (p_since IS NULL OR EXISTS (
        SELECT 1 FROM loyalty_pointsentry e WHERE e.account_id = l.account_id AND e.recorded_at >= p_since))
      AND l.expired <> x.points;

    RETURN QUERY
    SELECT 'what is active waits for nothing', jsonb_build_object('lot', l.entry_id, 'waits_for', l.waits_for)
    FROM loyalty_pointslot l
    WHERE (p_since IS NULL OR l.active_at >= p_since) AND l.active_at IS NOT NULL AND l.waits_for <> '';

    RETURN QUERY
    SELECT 'whom members share with shares with nobody', jsonb_build_object('enrollment', n.id)
    FROM loyalty_enrollment n JOIN loyalty_enrollment h ON h.id = n.pool_id
    WHERE h.pool_id IS NOT NULL OR h.program_id <> n.program_id;

    RETURN QUERY
    SELECT 'who shares has nothing to spend of their own', jsonb_build_object('account', a.id)
    FROM loyalty_enrollment n JOIN loyalty_pointsaccount a ON a.enrollment_id = n.id
    WHERE n.pool_id IS NOT NULL AND a.balance + a.reserved > 0;

    RETURN QUERY
    SELECT 'what a lot holds is what open holds took', jsonb_build_object('lot', l.entry_id, 'held', l.held, 'taken', h.points)
    FROM loyalty_pointslot l
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.points), 0) AS points FROM loyalty_holdlot t JOIN loyalty_pointshold o ON o.id = t.hold_id
        WHERE t.lot_id = l.entry_id AND o.state = 'held') h
    WHERE (p_since IS NULL OR EXISTS (
        SELECT 1 FROM loyalty_pointshold o WHERE o.account_id = l.account_id AND (o.held_at >= p_since OR o.closed_at >= p_since)))
      AND l.held <> h.points;

    RETURN QUERY
    SELECT 'a hold is made up of its lots', jsonb_build_object('hold', o.id, 'points', o.points, 'taken', h.points)
    FROM loyalty_pointshold o
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.points), 0) AS points, count(*) FILTER (WHERE l.account_id <> o.account_id) AS strange
        FROM loyalty_holdlot t JOIN loyalty_pointslot l ON l.entry_id = t.lot_id WHERE t.hold_id = o.id) h
    WHERE (p_since IS NULL OR o.held_at >= p_since OR o.closed_at >= p_since)
      AND (h.points <> o.points OR h.strange > 0);

    RETURN QUERY
    SELECT 'a captured hold stands on one spend', jsonb_build_object('hold', o.id, 'captured', o.captured, 'spent', e.points)
    FROM loyalty_pointshold o LEFT JOIN loyalty_pointsentry e ON e.id = o.entry_id
    WHERE (p_since IS NULL OR o.held_at >= p_since OR o.closed_at >= p_since)
      AND (o.captured <> coalesce(-e.points, 0) OR (o.state = 'captured') <> (e.id IS NOT NULL)
           OR e.account_id <> o.account_id OR e.kind <> 'spend');

    RETURN QUERY
    SELECT 'both sides of a transfer sum to 0', jsonb_build_object('transfer', t.id, 'points', t.points,
           'left', s.gone, 'arrived', s.came)
    FROM loyalty_pointstransfer t
    CROSS JOIN LATERAL (
        SELECT coalesce(-sum(points) FILTER (WHERE account_id = t.sender_id), 0) AS gone,
               coalesce(sum(points) FILTER (WHERE account_id = t.recipient_id), 0) AS came, count(*) FILTER (
                   WHERE kind <> 'transfer' OR account_id NOT IN (t.sender_id, t.recipient_id)) AS strange
        FROM loyalty_pointsentry WHERE transfer_id = t.id) s
    WHERE (p_since IS NULL OR t.at >= p_since) AND (s.gone <> t.points OR s.came <> t.points OR s.strange > 0);

    RETURN QUERY
    SELECT 'a line of a transfer has its transfer', jsonb_build_object('entry', e.id)
    FROM loyalty_pointsentry e
    WHERE (p_since IS NULL OR e.recorded_at >= p_since) AND (e.kind = 'transfer') <> (e.transfer_id IS NOT NULL);

    RETURN QUERY
    SELECT 'an approved adjustment is what was asked for', jsonb_build_object('adjustment', j.id)
    FROM loyalty_pointsadjustment j JOIN loyalty_pointsentry e ON e.id = j.entry_id
    WHERE (p_since IS NULL OR j.decided_at >= p_since) AND (e.kind <> 'adjust' OR e.points <> j.points);

    RETURN QUERY
    SELECT 'an event that moved points left its outbox row', jsonb_build_object('event', v.id)
    FROM loyalty_event v
    WHERE v.received_at >= coalesce(p_since, '-infinity'::timestamptz)
      -- Delivered rows are kept for a week; older events can't be asked this any more.
      AND v.received_at >= (SELECT max(received_at) FROM loyalty_event) - interval '6 days'
      AND EXISTS (SELECT 1 FROM loyalty_pointsentry e WHERE e.event_id = v.id)
      AND NOT EXISTS (SELECT 1 FROM core_outboxmessage m WHERE m.payload->>'event_id' = v.id::text);
END $$;
