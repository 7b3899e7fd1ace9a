-- A return takes of every lot what it has itself before any draws on others. Lot by lot, the first could draw on the
-- second's own points, which then weren't there.
DROP FUNCTION points_take_back(jsonb, timestamptz);

-- What one lot gives itself, and what the account gives for it: everything but the draws on other lots. Returns the entry;
-- null where there is nothing left to take and no debt wanted: the claim is noted on the lot, the ledger has no line.
CREATE FUNCTION points_take_own(p_take jsonb, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_account bigint := (p_take->>'account')::bigint;
    v_lot bigint := (p_take->>'lot')::bigint;
    v_own bigint := (p_take->>'own')::bigint;
    v_others bigint := (p_take->>'others')::bigint;
    v_debt bigint := (p_take->>'debt')::bigint;
    v_pending boolean;
    v_entry bigint;
BEGIN
    SELECT active_at IS NULL INTO STRICT v_pending FROM loyalty_pointslot WHERE entry_id = v_lot;
    UPDATE loyalty_pointsaccount SET
        pending = pending - CASE WHEN v_pending THEN v_own ELSE 0 END,
        balance = balance - v_others - CASE WHEN v_pending THEN 0 ELSE v_own END,
        reversed = reversed + v_own + v_others,
        debt = debt + v_debt
    WHERE id = v_account;
    UPDATE loyalty_pointslot SET remaining = remaining - v_own, reversed = reversed + (p_take->>'points')::bigint
    WHERE entry_id = v_lot;
    IF v_own + v_others + v_debt = 0 THEN
        RETURN NULL;
    END IF;
    v_entry := points_entry(v_account, p_now, (p_take->'entry') || jsonb_build_object(
        'kind', 'reverse', 'points', -(v_own + v_others), 'debt', v_debt, 'reversal_of', v_lot));
    IF v_own > 0 THEN
        INSERT INTO loyalty_lotdraw (entry_id, lot_id, points) VALUES (v_entry, v_lot, -v_own);
    END IF;
    RETURN v_entry;
END $$;

CREATE OR REPLACE FUNCTION book_takes(p jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_item jsonb;
    v_entry bigint;
    v_entries bigint[] := '{}';
    v_at integer := 0;
BEGIN
    FOR v_item IN SELECT value FROM jsonb_array_elements(p->'takes') LOOP
        v_entries := array_append(v_entries, points_take_own(v_item, p_now));
    END LOOP;
    FOR v_item IN SELECT value FROM jsonb_array_elements(p->'takes') LOOP
        v_at := v_at + 1;
        v_entry := v_entries[v_at];
        IF (v_item->>'others')::bigint > 0 THEN
            PERFORM points_draw((v_item->>'account')::bigint, v_entry, (v_item->>'others')::bigint, p_now);
        END IF;
    END LOOP;
END $$;
