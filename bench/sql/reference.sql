-- The reference booking: what earning costs at least when everything that must be kept is kept. One call writes the
-- event, the balance with its tier counter, the ledger line, the lot (one per expiry date) and the outbox row.
-- No judging, no caps, no orders, no trace, no version, no tenancy.
DROP SCHEMA IF EXISTS bench_reference CASCADE;
CREATE SCHEMA bench_reference;
SET search_path = bench_reference;

CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id integer NOT NULL,
    external_ref text NOT NULL,
    payload_hash bytea NOT NULL,
    member_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    result jsonb NOT NULL,
    UNIQUE (source_id, external_ref)
);
CREATE TABLE member_balance (
    member_id bigint NOT NULL,
    wallet integer NOT NULL,
    points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    pending bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
    tier_points bigint NOT NULL DEFAULT 0,
    tier smallint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, wallet)
) WITH (fillfactor = 70);
CREATE TABLE points_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    wallet integer NOT NULL,
    points bigint NOT NULL,
    kind text NOT NULL,
    event_id bigint NOT NULL,
    balance_after bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX points_entry_of_member ON points_entry (member_id, wallet, id DESC);
CREATE INDEX points_entry_recorded ON points_entry USING brin (recorded_at);
CREATE TABLE points_lot (
    member_id bigint NOT NULL,
    wallet integer NOT NULL,
    expires_on date NOT NULL,
    granted bigint NOT NULL,
    remaining bigint NOT NULL CHECK (remaining >= 0 AND remaining <= granted),
    PRIMARY KEY (member_id, wallet, expires_on)
) WITH (fillfactor = 85);
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
);
CREATE INDEX outbox_open ON outbox (id) WHERE delivered_at IS NULL;

CREATE FUNCTION earn(p_member bigint, p_ref text, p_points bigint, p_payload jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_event bigint;
    v_after bigint;
    v_tier smallint;
    v_now timestamptz := clock_timestamp();
    v_result jsonb;
BEGIN
    INSERT INTO event (source_id, external_ref, payload_hash, member_id, occurred_at, payload, result)
    VALUES (1, p_ref, sha256(p_ref::bytea), p_member, v_now, p_payload, jsonb_build_object('points', p_points))
    ON CONFLICT (source_id, external_ref) DO NOTHING RETURNING id INTO v_event;
    IF v_event IS NULL THEN
        SELECT result INTO v_result FROM event WHERE source_id = 1 AND external_ref = p_ref;
        RETURN v_result;
    END IF;
    UPDATE member_balance SET
        points = points + p_points, tier_points = tier_points + p_points, version = version + 1,
        tier = CASE WHEN tier_points + p_points >= 10000 THEN 2 WHEN tier_points + p_points >= 1000 THEN 1 ELSE 0 END
    WHERE member_id = p_member AND wallet = 1 RETURNING points, tier INTO v_after, v_tier;
    INSERT INTO points_entry (member_id, wallet, points, kind, event_id, balance_after, occurred_at, recorded_at)
    VALUES (p_member, 1, p_points, 'earn', v_event, v_after, v_now, v_now);
    INSERT INTO points_lot AS l (member_id, wallet, expires_on, granted, remaining)
    VALUES (p_member, 1, (v_now + interval '12 months')::date, p_points, p_points)
    ON CONFLICT (member_id, wallet, expires_on)
        DO UPDATE SET granted = l.granted + excluded.granted, remaining = l.remaining + excluded.remaining;
    v_result := jsonb_build_object('event', v_event, 'points', p_points, 'balance', v_after, 'tier', v_tier);
    INSERT INTO outbox (topic, payload, created_at) VALUES ('points.earned', v_result, v_now);
    RETURN v_result;
END $$;
