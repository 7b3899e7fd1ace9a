-- As before; a code may also be handed out as a use of a benefit, for a partner's shop, which stands for its redemption: one of them, never both.
CREATE OR REPLACE FUNCTION rewards_invariants(p_since timestamptz) RETURNS TABLE (promise text, detail jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT 'sold and left make up the stock', jsonb_build_object('reward', r.id, 'stock', r.stock_total, 'left', b.remaining, 'sold', s.sold)
    FROM rewards_reward r
    CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS remaining FROM rewards_rewardstock WHERE reward_id = r.id) b
    CROSS JOIN LATERAL (SELECT count(*) AS sold FROM rewards_redemption
                        WHERE reward_id = r.id AND state NOT IN ('canceled', 'lapsed') AND stock_bucket IS NOT NULL) s
    WHERE r.stock_total IS NOT NULL AND b.remaining + s.sold <> r.stock_total;

    RETURN QUERY
    SELECT 'a redemption stands on one spend of its price', jsonb_build_object('redemption', d.id)
    FROM rewards_redemption d JOIN loyalty_pointsentry e ON e.id = d.entry_id
    JOIN loyalty_pointsaccount a ON a.id = e.account_id JOIN loyalty_enrollment h ON h.id = a.enrollment_id
    JOIN loyalty_enrollment n ON n.id = d.enrollment_id
    WHERE (p_since IS NULL OR d.redeemed_at >= p_since)
      AND (e.kind <> 'spend' OR e.points <> -d.price OR h.program_id <> n.program_id);

    RETURN QUERY
    SELECT 'a final redemption with a price stands on a spend', jsonb_build_object('redemption', d.id)
    FROM rewards_redemption d
    WHERE (p_since IS NULL OR d.redeemed_at >= p_since)
      AND d.price > 0 AND d.entry_id IS NULL AND d.state IN ('redeemed', 'used');

    RETURN QUERY
    SELECT 'a reservation that ended holds no points', jsonb_build_object('redemption', d.id, 'hold', h.state)
    FROM rewards_redemption d JOIN loyalty_pointshold h ON h.id = d.hold_id
    WHERE (p_since IS NULL OR d.redeemed_at >= p_since)
      AND ((d.state = 'lapsed' AND h.state IN ('held', 'captured')) OR (d.state IN ('redeemed', 'used') AND h.state <> 'captured'));

    RETURN QUERY
    SELECT 'canceled and given back are the same', jsonb_build_object('redemption', d.id, 'state', d.state)
    FROM rewards_redemption d
    WHERE d.entry_id IS NOT NULL AND (p_since IS NULL OR d.redeemed_at >= p_since OR d.canceled_at >= p_since)
      AND (d.state = 'canceled' OR d.refunded_at IS NOT NULL) <> EXISTS (SELECT 1 FROM loyalty_pointsentry r WHERE r.reversal_of_id = d.entry_id);

    RETURN QUERY
    SELECT 'a code is handed out once, in order', jsonb_build_object('pool', p.id, 'next', p.next_ordinal, 'taken', c.taken, 'back', c.back)
    FROM rewards_codepool p
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state <> 'free') AS taken, count(*) AS size,
                               count(*) FILTER (WHERE state = 'back') AS back,
                               coalesce(max(ordinal) FILTER (WHERE state <> 'free'), 0) AS last
                        FROM rewards_poolcode WHERE pool_id = p.id) c
    WHERE c.taken <> p.next_ordinal - 1 OR c.last <> p.next_ordinal - 1 OR c.size <> p.size OR c.back <> p.returned;

    RETURN QUERY
    SELECT 'a handed-out code has its redemption', jsonb_build_object('code', c.id)
    FROM rewards_poolcode c
    WHERE (c.state NOT IN ('free', 'back'))::int
       <> (EXISTS (SELECT 1 FROM rewards_redemption d WHERE d.code_id = c.id))::int
        + (EXISTS (SELECT 1 FROM rewards_benefituse u WHERE u.pool_code_id = c.id))::int;

    RETURN QUERY
    SELECT 'a voucher''s uses and what is left make up its amount', jsonb_build_object('voucher', v.id)
    FROM rewards_voucher v
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS used FROM rewards_voucheruse WHERE voucher_id = v.id) u
    WHERE v.original_minor IS NOT NULL AND v.original_minor - u.used <> v.balance_minor;

    RETURN QUERY
    SELECT 'store credit is the sum of its lines', jsonb_build_object('credit', s.id)
    FROM rewards_storecredit s
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS lines FROM rewards_storecreditline WHERE credit_id = s.id) l
    WHERE s.balance_minor <> l.lines;
END $$;
