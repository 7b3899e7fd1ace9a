-- What a judged batch of events achieved; see loyalty/models/achievement.py.
CREATE FUNCTION book_achievements(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_achievement (enrollment_id, kind, code, n, last_day, undone, event_id, at, recorded_at)
    SELECT enrollment, kind, code, n, last_day, undone, event_id, at, p_now
    FROM ROWS FROM (jsonb_to_recordset(p->'achievements') AS (
        enrollment bigint, kind text, code text, n integer, last_day date, undone boolean, event_id uuid,
        at timestamptz)) WITH ORDINALITY AS r (enrollment, kind, code, n, last_day, undone, event_id, at, number)
    ORDER BY number;
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
    IF p ? 'achievements' THEN
        PERFORM book_achievements(p, p_now);
    END IF;
    IF p ? 'outbox' THEN
        PERFORM book_outbox(p, p_now);
    END IF;
    RETURN '{}'::jsonb;
END $$;
