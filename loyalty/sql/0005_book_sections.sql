-- loyalty_book() in a function per section: what one section needs is changed without touching the others. The settings
-- are loyalty_book()'s: its functions run under them.

CREATE FUNCTION book_events(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_event (
        id, source, external_id, type, program_id, member_id, version_id, occurred_at, received_at, initiated_by, actor,
        status, payload, payload_hash, trace, result)
    SELECT id, source, external_id, type, program_id, member_id, version_id, occurred_at, p_now, initiated_by, actor,
           status, payload, decode(payload_hash, 'hex'), trace, result
    FROM jsonb_to_recordset(p->'events') AS r (
        id uuid, source text, external_id text, type text, program_id bigint, member_id bigint, version_id bigint,
        occurred_at timestamptz, initiated_by text, actor text, status text, payload jsonb, payload_hash text,
        trace jsonb, result jsonb)
    ORDER BY source, external_id;
END $$;

CREATE FUNCTION book_orders(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_order (
        event_id, source, number, member_id, occurred_at, currency, total_minor, net_minor, tax_minor,
        shipping_minor, discount_minor, cost_minor, fx_rate, channel, store, refunded_minor)
    SELECT event_id, source, number, member_id, occurred_at, currency, total_minor, net_minor, tax_minor,
           shipping_minor, discount_minor, cost_minor, fx_rate, channel, store, 0
    FROM jsonb_to_recordset(p->'orders') AS r (
        event_id uuid, source text, number text, member_id bigint, occurred_at timestamptz, currency text,
        total_minor bigint, net_minor bigint, tax_minor bigint, shipping_minor bigint, discount_minor bigint,
        cost_minor bigint, fx_rate numeric, channel text, store text)
    ORDER BY source, number;
END $$;

CREATE FUNCTION book_refunds(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE loyalty_order o SET refunded_minor = o.refunded_minor + r.amount_minor
    FROM (SELECT event_id, sum(amount_minor) AS amount_minor
          FROM jsonb_to_recordset(p->'refunds') AS x (event_id uuid, amount_minor bigint) GROUP BY event_id) r
    WHERE o.event_id = r.event_id;
END $$;

CREATE FUNCTION book_awards(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH a AS MATERIALIZED (
        SELECT nextval('loyalty_pointsentry_id_seq') AS id, r.*
        FROM jsonb_to_recordset(p->'awards') AS r (
            account bigint, points bigint, balance_after bigint, event_id uuid, effect text, rule text, reason jsonb,
            source text, initiated_by text, actor text, order_number text, occurred_at timestamptz,
            activates_at timestamptz, active boolean, expires_at timestamptz, allocated_minor bigint)
    ), entries AS (
        INSERT INTO loyalty_pointsentry (
            id, account_id, kind, points, debt, balance_after, event_id, effect, rule, reason, source, initiated_by,
            actor, order_number, occurred_at, recorded_at, expires_at, allocated_minor)
        SELECT id, account, 'earn', points, 0, balance_after, event_id, effect, rule, reason, source, initiated_by,
               actor, order_number, occurred_at, p_now, expires_at, allocated_minor
        FROM a
    )
    INSERT INTO loyalty_pointslot (
        entry_id, account_id, granted, remaining, held, reversed, activates_at, active_at, expires_at)
    SELECT id, account, points, points, 0, 0, activates_at, CASE WHEN active THEN activates_at END, expires_at
    FROM a;

    UPDATE loyalty_pointsaccount a SET
        balance = a.balance + s.active, pending = a.pending + s.points - s.active, issued = a.issued + s.points
    FROM (SELECT account, sum(points) AS points, coalesce(sum(points) FILTER (WHERE active), 0) AS active
          FROM jsonb_to_recordset(p->'awards') AS x (account bigint, points bigint, active boolean)
          GROUP BY account) s
    WHERE a.id = s.account;
END $$;

CREATE FUNCTION book_takes(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_item jsonb;
BEGIN
    FOR v_item IN SELECT value FROM jsonb_array_elements(p->'takes') LOOP
        PERFORM points_take_back(v_item, p_now);
    END LOOP;
END $$;

CREATE FUNCTION book_repay(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_item jsonb;
BEGIN
    FOR v_item IN SELECT value FROM jsonb_array_elements(p->'repay') LOOP
        PERFORM points_repay(v_item::bigint, p_now);
    END LOOP;
END $$;

CREATE FUNCTION book_counters(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_progresscounter AS c (enrollment_id, key, period, value)
    SELECT enrollment, key, period, sum(delta)
    FROM jsonb_to_recordset(p->'counters') AS r (enrollment bigint, key text, period text, delta bigint)
    GROUP BY enrollment, key, period ORDER BY enrollment, key, period
    ON CONFLICT (enrollment_id, key, period) DO UPDATE SET value = c.value + excluded.value;
END $$;

CREATE FUNCTION book_standings(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_tierstanding (enrollment_id, ladder, tier, since, valid_until, cause)
    SELECT enrollment, ladder, tier, since, valid_until, cause
    FROM jsonb_to_recordset(p->'standings') AS r (
        enrollment bigint, ladder text, tier text, since timestamptz, valid_until timestamptz, cause text)
    ON CONFLICT (enrollment_id, ladder)
        DO UPDATE SET tier = excluded.tier, since = excluded.since, valid_until = excluded.valid_until,
                      cause = excluded.cause;
END $$;

CREATE FUNCTION book_tier_changes(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_tierchange (enrollment_id, ladder, from_tier, to_tier, cause, event_id, at, recorded_at)
    SELECT enrollment, ladder, from_tier, to_tier, cause, event_id, at, p_now
    FROM ROWS FROM (jsonb_to_recordset(p->'tier_changes') AS (
        enrollment bigint, ladder text, from_tier text, to_tier text, cause text, event_id uuid, at timestamptz))
        WITH ORDINALITY AS r (enrollment, ladder, from_tier, to_tier, cause, event_id, at, n)
    ORDER BY n;
END $$;

CREATE FUNCTION book_outbox(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)
    SELECT topic, payload, p_now, p_now, 0, ''
    FROM jsonb_to_recordset(p->'outbox') AS r (topic text, payload jsonb);
END $$;

-- Book a judged batch of events: everything or nothing, in one call. See loyalty/ledger.py for the shape of p.
-- Locks: enrollments by id, then events by (source, external id), then what hangs on them.
-- Returns {} when booked, {"stale": [enrollment ids]} (and nothing written) when a member's version has moved since
-- it was judged. The settings: plans are kept from the first call on, and never scan a table, which was a fair choice
-- while it was small. A unique violation of event_once or order_once means that a twin was booked meanwhile.
CREATE OR REPLACE FUNCTION loyalty_book(p_members bigint[], p_versions bigint[], p_now timestamptz, p jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_count integer;
    v_stale jsonb;
BEGIN
    IF cardinality(p_members) > 1 THEN
        PERFORM 1 FROM loyalty_enrollment WHERE id = ANY (p_members) ORDER BY id FOR NO KEY UPDATE;
        SELECT jsonb_agg(e.id) INTO v_stale FROM loyalty_enrollment e
        JOIN unnest(p_members, p_versions) AS m (id, version) ON m.id = e.id WHERE e.version <> m.version;
        IF v_stale IS NOT NULL THEN
            RETURN jsonb_build_object('stale', v_stale);
        END IF;
        UPDATE loyalty_enrollment SET version = version + 1 WHERE id = ANY (p_members);
    ELSIF cardinality(p_members) = 1 THEN
        UPDATE loyalty_enrollment SET version = version + 1 WHERE id = p_members[1] AND version = p_versions[1];
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count = 0 THEN
            RETURN jsonb_build_object('stale', to_jsonb(p_members));
        END IF;
    END IF;

    PERFORM book_events(p, p_now);
    IF p ? 'orders' THEN
        PERFORM book_orders(p, p_now);
    END IF;
    IF p ? 'refunds' THEN
        PERFORM book_refunds(p, p_now);
    END IF;
    IF p ? 'awards' THEN
        PERFORM book_awards(p, p_now);
    END IF;
    IF p ? 'takes' THEN
        PERFORM book_takes(p, p_now);
    END IF;
    IF p ? 'repay' THEN
        PERFORM book_repay(p, p_now);
    END IF;
    IF p ? 'counters' THEN
        PERFORM book_counters(p, p_now);
    END IF;
    IF p ? 'standings' THEN
        PERFORM book_standings(p, p_now);
    END IF;
    IF p ? 'tier_changes' THEN
        PERFORM book_tier_changes(p, p_now);
    END IF;
    IF p ? 'outbox' THEN
        PERFORM book_outbox(p, p_now);
    END IF;
    RETURN '{}'::jsonb;
END $$;
