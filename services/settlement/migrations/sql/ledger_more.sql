-- Books, holds, seals, period ends and the replay, beside post().

-- Refuses a day that cannot be yet, one before any book, and an infinite one.
CREATE FUNCTION ledger_check_day(p_pool text, p_day date) RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF p_day NOT BETWEEN '2000-01-01' AND public.ledger_last_day() THEN -- infinite days as well
    PERFORM public.ledger_refuse('ledger_date_impossible', jsonb_build_object('pool_code', p_pool,
      'last_day', public.ledger_last_day()));
  END IF;
END $$;

-- Opens a book of a pool on a chart, on the day before which nothing can be posted; repeating it changes nothing.
CREATE FUNCTION open_book(p_pool text, p_chart text, p_first_day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_book text;
  v_genesis bytea;
BEGIN
  PERFORM public.ledger_check_scope(p_pool);
  PERFORM public.ledger_check_role();
  PERFORM public.ledger_check_day(p_pool, p_first_day);
  SELECT c.book INTO v_book FROM public.chart c WHERE c.chart = p_chart;
  IF v_book IS NULL THEN
    PERFORM public.ledger_refuse('ledger_chart_unknown', jsonb_build_object('chart', p_chart));
  END IF;
  v_genesis := sha256(convert_to('heyi-ledger-1' || E'\t' || p_pool || E'\t' || v_book || E'\t' || p_chart || E'\n', 'UTF8'));
  INSERT INTO public.book (pool_code, book, chart, first_day, genesis)
    VALUES (p_pool, v_book, p_chart, p_first_day, v_genesis) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO public.book_head (pool_code, book, last_number, last_hash, open_day, month_base, sealed_through,
                                  closed_through)
      VALUES (p_pool, v_book, 0, v_genesis, p_first_day, 0, p_first_day - 1, p_first_day - 1);
  END IF;
  INSERT INTO public.balance (pool_code, book, account, guarded, posted_fen, pending_fen)
    SELECT p_pool, v_book, a.account, a.guarded, 0, 0 FROM public.chart_account a WHERE a.chart = p_chart
    ON CONFLICT DO NOTHING;
END $$;

-- Sets amounts of an account aside: they stay in the balance and cannot be spent by anything else.
CREATE FUNCTION hold(p_pool text, p_book text, p_account text, p_ids uuid[], p_amounts bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_role text := current_setting('heyi.role', true);
  v_available bigint;
  v_total bigint := (SELECT sum(a) FROM unnest(p_amounts) a);
  v_keeper text;
BEGIN
  PERFORM public.ledger_lock(p_pool, p_book);
  IF cardinality(p_ids) = 0 OR cardinality(p_ids) <> cardinality(p_amounts) OR coalesce(v_total, 0) <= 0 THEN
    PERFORM public.ledger_refuse('ledger_amount_invalid', jsonb_build_object('account', p_account));
  END IF;
  SELECT b.posted_fen + b.pending_fen, a.keeper INTO v_available, v_keeper
    FROM public.balance b JOIN public.book k ON k.pool_code = b.pool_code AND k.book = b.book
    JOIN public.chart_account a ON a.chart = k.chart AND a.account = b.account
    WHERE b.pool_code = p_pool AND b.book = p_book AND b.account = p_account AND b.guarded;
  IF NOT FOUND THEN
    PERFORM public.ledger_refuse('ledger_account_unknown', jsonb_build_object('book', p_book, 'account', p_account));
  END IF;
  IF NOT public.ledger_keeps(v_keeper) THEN
    PERFORM public.ledger_refuse('ledger_not_keeper', jsonb_build_object('keeper', coalesce(v_keeper, '-'), 'role', v_role));
  END IF;
  IF v_available < v_total THEN
    PERFORM public.ledger_refuse('ledger_overdrawn', jsonb_build_object('book', p_book, 'account', p_account,
      'available_fen', v_available, 'change_fen', -v_total));
  END IF;
  INSERT INTO public.hold (pool_code, book, hold_id, account, amount_fen)
    SELECT p_pool, p_book, h.id, p_account, h.amount_fen FROM unnest(p_ids, p_amounts) AS h(id, amount_fen);
  UPDATE public.balance b SET pending_fen = b.pending_fen - v_total
    WHERE b.pool_code = p_pool AND b.book = p_book AND b.account = p_account;
END $$;

CREATE FUNCTION release_hold(p_pool text, p_book text, p_ids uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_role text := current_setting('heyi.role', true);
  v_bad uuid;
  v_keeper text;
BEGIN
  PERFORM public.ledger_lock(p_pool, p_book);
  SELECT i.id INTO v_bad FROM unnest(p_ids) AS i(id)
    LEFT JOIN public.hold h ON h.pool_code = p_pool AND h.book = p_book AND h.hold_id = i.id
    LEFT JOIN public.hold_end e ON e.pool_code = p_pool AND e.book = p_book AND e.hold_id = i.id
    WHERE h.hold_id IS NULL OR e.hold_id IS NOT NULL LIMIT 1;
  IF FOUND THEN
    PERFORM public.ledger_refuse('ledger_hold_invalid', jsonb_build_object('hold_id', v_bad));
  END IF;
  SELECT coalesce(a.keeper, '-') INTO v_keeper
    FROM public.hold h JOIN public.book k ON k.pool_code = h.pool_code AND k.book = h.book
    JOIN public.chart_account a ON a.chart = k.chart AND a.account = h.account
    WHERE h.pool_code = p_pool AND h.book = p_book AND h.hold_id = ANY (p_ids) AND NOT public.ledger_keeps(a.keeper)
    LIMIT 1;
  IF FOUND THEN
    PERFORM public.ledger_refuse('ledger_not_keeper', jsonb_build_object('keeper', v_keeper, 'role', v_role));
  END IF;
  INSERT INTO public.hold_end (pool_code, book, hold_id, outcome)
    SELECT p_pool, p_book, i.id, 'released' FROM unnest(p_ids) AS i(id);
  UPDATE public.balance b SET pending_fen = b.pending_fen + f.amount_fen
    FROM (SELECT h.account, sum(h.amount_fen) AS amount_fen FROM public.hold h
          WHERE h.pool_code = p_pool AND h.book = p_book AND h.hold_id = ANY (p_ids) GROUP BY h.account) f
    WHERE b.pool_code = p_pool AND b.book = p_book AND b.account = f.account;
END $$;

-- The Merkle tree hash of RFC 6962, section 2.1, over the chain hashes of the vouchers a to b.
CREATE FUNCTION ledger_root(p_pool text, p_book text, p_first bigint, p_last bigint) RETURNS bytea LANGUAGE plpgsql
STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  level bytea[];
BEGIN
  SELECT array_agg(sha256('\x00'::bytea || v.hash) ORDER BY v.number) INTO level FROM public.voucher v
    WHERE v.pool_code = p_pool AND v.book = p_book AND v.number BETWEEN p_first AND p_last;
  IF level IS NULL THEN
    RETURN sha256(''::bytea);
  END IF;
  WHILE cardinality(level) > 1 LOOP
    SELECT array_agg(pair.parent ORDER BY pair.i) INTO level FROM (
      SELECT (n.i - 1) / 2 AS i,
             CASE WHEN count(*) = 1 THEN string_agg(n.node, ''::bytea)
                  ELSE sha256('\x01'::bytea || string_agg(n.node, ''::bytea ORDER BY n.i)) END AS parent
      FROM unnest(level) WITH ORDINALITY AS n(node, i) GROUP BY 1) pair;
  END LOOP;
  RETURN level[1];
END $$;

-- What the seal of a day will say, as the bytes to sign (docs/ledger-format.md); locks the head until the transaction ends.
CREATE FUNCTION seal_statement(p_pool text, p_book text, p_day date, p_signed_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
  head public.book_head := public.ledger_lock(p_pool, p_book);
  seal public.day_seal;
  v_number bigint;
  v_previous bytea;
  v_first bigint;
  v_last bigint;
  v_hash bytea;
  v_unsealed date;
BEGIN
  PERFORM public.ledger_check_day(p_pool, p_day);
  IF p_day <= head.sealed_through THEN
    PERFORM public.ledger_refuse('ledger_sealed_already', jsonb_build_object('day', p_day,
      'sealed_through', head.sealed_through));
  END IF;
  SELECT min(d.posting_date) INTO v_unsealed FROM public.book_day d
    WHERE d.pool_code = p_pool AND d.book = p_book AND d.posting_date > head.sealed_through AND d.posting_date < p_day;
  IF v_unsealed IS NOT NULL THEN
    PERFORM public.ledger_refuse('ledger_seal_earlier_first', jsonb_build_object('day', p_day, 'earlier', v_unsealed));
  END IF;
  SELECT s.* INTO seal FROM public.day_seal s
    WHERE s.pool_code = p_pool AND s.book = p_book ORDER BY s.seal_number DESC LIMIT 1;
  IF FOUND THEN
    v_number := seal.seal_number + 1;
    v_previous := sha256(convert_to(public.ledger_seal_line(seal), 'UTF8'));
    v_first := seal.last_number + 1;
    v_hash := seal.last_hash;
  ELSE
    v_number := 1;
    v_first := 1;
    SELECT b.genesis, b.genesis INTO v_previous, v_hash FROM public.book b WHERE b.pool_code = p_pool AND b.book = p_book;
  END IF;
  SELECT d.last_number INTO v_last FROM public.book_day d
    WHERE d.pool_code = p_pool AND d.book = p_book AND d.posting_date = p_day;
  v_last := coalesce(v_last, v_first - 1);
  SELECT v.hash INTO v_hash FROM (SELECT v_hash AS hash WHERE v_last < v_first UNION ALL
    SELECT w.hash FROM public.voucher w WHERE w.pool_code = p_pool AND w.book = p_book AND w.number = v_last
      AND v_last >= v_first) v;
  seal := ROW(p_pool, p_book, p_day, v_number, v_first, v_last, public.ledger_root(p_pool, p_book, v_first, v_last), v_hash,
              v_previous, p_signed_at, '', '\x'::bytea)::public.day_seal;
  RETURN public.ledger_seal_line(seal);
END $$;

CREATE FUNCTION ledger_seal_line(s public.day_seal) RETURNS text LANGUAGE sql STABLE
SET datestyle = 'ISO, YMD' AS $$
  SELECT 'heyi-seal-1' || E'\t' || s.pool_code || E'\t' || s.book || E'\t' || s.day || E'\t' || s.seal_number || E'\t'
    || s.first_number || E'\t' || s.last_number || E'\t' || encode(s.root, 'hex') || E'\t' || encode(s.last_hash, 'hex')
    || E'\t' || encode(s.previous, 'hex') || E'\t'
    || to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || E'\n'
$$;

-- Seals the day: nothing is posted into it or before it any more. Of the key only its id can be known here: one that was
-- not registered is refused, the first seal of all registers its own.
CREATE FUNCTION seal(p_pool text, p_book text, p_day date, p_signed_at timestamptz, p_key_id text, p_signature bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET datestyle = 'ISO, YMD' AS $$
DECLARE
  field text[] := string_to_array(rtrim(public.seal_statement(p_pool, p_book, p_day, p_signed_at), E'\n'), E'\t');
BEGIN
  INSERT INTO public.signing_key (key_id)
    SELECT p_key_id WHERE NOT EXISTS (SELECT FROM public.signing_key) ON CONFLICT DO NOTHING;
  IF NOT EXISTS (SELECT FROM public.signing_key k WHERE k.key_id = p_key_id) THEN
    PERFORM public.ledger_refuse('ledger_key_unknown', jsonb_build_object('key', p_key_id));
  END IF;
  INSERT INTO public.day_seal (pool_code, book, day, seal_number, first_number, last_number, root, last_hash, previous,
                               signed_at, key_id, signature)
    VALUES (p_pool, p_book, p_day, field[5]::bigint, field[6]::bigint, field[7]::bigint, decode(field[8], 'hex'),
            decode(field[9], 'hex'), decode(field[10], 'hex'), p_signed_at, p_key_id, p_signature);
  UPDATE public.book_head h SET sealed_through = p_day, open_day = greatest(h.open_day, p_day + 1),
         month_base = CASE WHEN date_trunc('month', greatest(h.open_day, p_day + 1)) > date_trunc('month', h.open_day)
                           THEN h.last_number ELSE h.month_base END
    WHERE h.pool_code = p_pool AND h.book = p_book;
END $$;

-- Closes the months up to the one of p_month: what belongs to them by value date is `late` from here on (contracts §10).
CREATE FUNCTION close_period(p_pool text, p_book text, p_month date) RETURNS date LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head public.book_head := public.ledger_lock(p_pool, p_book);
  v_end date := (date_trunc('month', p_month) + interval '1 month')::date - 1;
BEGIN
  IF v_end <= head.closed_through THEN
    PERFORM public.ledger_refuse('ledger_period_closed', jsonb_build_object('closed_through', head.closed_through));
  END IF;
  IF v_end > head.sealed_through THEN
    PERFORM public.ledger_refuse('ledger_period_not_sealed', jsonb_build_object('sealed_through', head.sealed_through,
      'needed', v_end));
  END IF;
  UPDATE public.book_head h SET closed_through = v_end WHERE h.pool_code = p_pool AND h.book = p_book;
  RETURN v_end;
END $$;

-- Works everything out again from the postings: one row per difference, none when caches, chain and seals hold. Each
-- voucher is linked to the stored hash before it, so that one edit is one row; a chain that was rewritten as a whole
-- shows in the seals that stand beside it.
-- Runs with the caller's rights: he sees his pools only.
CREATE FUNCTION ledger_replay(p_pool text, p_book text) RETURNS TABLE (kind text, subject text, stored text, computed text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET datestyle = 'ISO, YMD'
SET enable_nestloop = off AS $$
  WITH k AS (
    SELECT b.chart, b.genesis, h.* FROM public.book b JOIN public.book_head h USING (pool_code, book)
    WHERE b.pool_code = p_pool AND b.book = p_book
  ), digests AS (
    SELECT s.number, sha256(convert_to(string_agg(public.ledger_posting_line(s.line, s.debit, s.credit, s.amount_fen,
             s.party, s.ref, s.memo), '' ORDER BY s.line), 'UTF8')) AS digest
    FROM public.posting s WHERE s.pool_code = p_pool AND s.book = p_book GROUP BY s.number
  ), chained AS (
    SELECT n.number, n.hash, n.posting_date, row_number() OVER (ORDER BY n.number) AS expected,
           sha256(coalesce(lag(n.hash) OVER (ORDER BY n.number), k.genesis) || public.ledger_voucher_line(p_pool, p_book,
             n.number, n.month, n.month_number, n.source_event, n.posting_date, n.value_date, n.reason, n.reversal_of,
             n.preparer, n.checker, n.poster, n.text, n.sheets, n.papers, d.digest))
             AS computed
    FROM k CROSS JOIN public.voucher n LEFT JOIN digests d ON d.number = n.number
    WHERE n.pool_code = p_pool AND n.book = p_book
  ), turnover AS (
    SELECT t.account, v.posting_date, v.value_date, sum(t.debit_fen)::bigint AS debit_fen,
           sum(t.credit_fen)::bigint AS credit_fen
    FROM (SELECT p.number, p.debit AS account, p.amount_fen AS debit_fen, 0::bigint AS credit_fen FROM public.posting p
          WHERE p.pool_code = p_pool AND p.book = p_book
          UNION ALL SELECT p.number, p.credit, 0, p.amount_fen FROM public.posting p
          WHERE p.pool_code = p_pool AND p.book = p_book) t
    JOIN public.voucher v ON v.pool_code = p_pool AND v.book = p_book AND v.number = t.number
    GROUP BY 1, 2, 3
  ), balances AS (
    SELECT a.account,
           coalesce((SELECT sum(CASE a.normal_side WHEN 'debit' THEN t.debit_fen - t.credit_fen
                                                   ELSE t.credit_fen - t.debit_fen END)
                     FROM turnover t WHERE t.account = a.account), 0) AS posted_fen,
           coalesce((SELECT -sum(h.amount_fen) FROM public.hold h WHERE h.pool_code = p_pool AND h.book = p_book
                       AND h.account = a.account AND NOT EXISTS (
                         SELECT FROM public.hold_end e WHERE e.pool_code = p_pool AND e.book = p_book
                           AND e.hold_id = h.hold_id)), 0) AS pending_fen
    FROM k JOIN public.chart_account a ON a.chart = k.chart
  )
  (SELECT 'number', c.expected::text, c.number::text, c.expected::text FROM chained c WHERE c.number <> c.expected
   ORDER BY c.expected LIMIT 10)
  UNION ALL
  (SELECT 'hash', c.number::text, encode(c.hash, 'hex'), encode(c.computed, 'hex') FROM chained c
   WHERE c.hash <> c.computed ORDER BY c.number LIMIT 10)
  UNION ALL
  SELECT 'head', 'last', k.last_number || ' ' || encode(k.last_hash, 'hex'),
         coalesce(l.number, 0) || ' ' || encode(coalesce(l.hash, k.genesis), 'hex')
  FROM k LEFT JOIN LATERAL (SELECT c.number, c.hash FROM chained c ORDER BY c.number DESC LIMIT 1) l ON true
  WHERE (k.last_number, k.last_hash) IS DISTINCT FROM (coalesce(l.number, 0), coalesce(l.hash, k.genesis))
  UNION ALL
  SELECT 'balance', coalesce(b.account, c.account), b.posted_fen || ' ' || b.pending_fen,
         c.posted_fen || ' ' || c.pending_fen
  FROM (SELECT * FROM public.balance x WHERE x.pool_code = p_pool AND x.book = p_book) b
  FULL JOIN balances c ON c.account = b.account
  WHERE (b.posted_fen, b.pending_fen) IS DISTINCT FROM (c.posted_fen::bigint, c.pending_fen::bigint)
  UNION ALL
  SELECT 'turnover', coalesce(d.account, t.account) || ' ' || coalesce(d.posting_date, t.posting_date) || ' '
           || coalesce(d.value_date, t.value_date),
         d.debit_fen || ' ' || d.credit_fen, t.debit_fen || ' ' || t.credit_fen
  FROM (SELECT * FROM public.account_day x WHERE x.pool_code = p_pool AND x.book = p_book) d
  FULL JOIN turnover t ON t.account = d.account AND t.posting_date = d.posting_date AND t.value_date = d.value_date
  WHERE (d.debit_fen, d.credit_fen) IS DISTINCT FROM (t.debit_fen, t.credit_fen)
  UNION ALL
  SELECT 'day', coalesce(d.posting_date, c.posting_date)::text, d.first_number || ' ' || d.last_number,
         c.first_number || ' ' || c.last_number
  FROM (SELECT * FROM public.book_day x WHERE x.pool_code = p_pool AND x.book = p_book) d
  FULL JOIN (SELECT n.posting_date, min(n.number) AS first_number, max(n.number) AS last_number
             FROM chained n GROUP BY n.posting_date) c ON c.posting_date = d.posting_date
  WHERE (d.first_number, d.last_number) IS DISTINCT FROM (c.first_number, c.last_number)
  UNION ALL
  (SELECT 'seal', s.day::text, s.first_number || ' ' || encode(s.root, 'hex') || ' ' || encode(s.last_hash, 'hex'),
          s.due_first || ' ' || encode(s.due_root, 'hex') || ' ' || encode(s.due_hash, 'hex')
   FROM (SELECT x.day, x.first_number, x.root, x.last_hash, x.previous,
                coalesce(lag(x.last_number) OVER earlier, 0) + 1 AS due_first,
                coalesce(sha256(convert_to(lag(public.ledger_seal_line(x)) OVER earlier, 'UTF8')), k.genesis)
                  AS due_previous,
                public.ledger_root(p_pool, p_book, x.first_number, x.last_number) AS due_root,
                coalesce(c.hash, k.genesis) AS due_hash
         FROM k CROSS JOIN public.day_seal x LEFT JOIN chained c ON c.number = x.last_number
         WHERE x.pool_code = p_pool AND x.book = p_book
         WINDOW earlier AS (ORDER BY x.seal_number)) s
   WHERE (s.first_number, s.root, s.last_hash, s.previous)
         IS DISTINCT FROM (s.due_first, s.due_root, s.due_hash, s.due_previous)
   ORDER BY s.day LIMIT 10)
$$;

REVOKE ALL ON FUNCTION ledger_refuse(text, jsonb), ledger_stage(), ledger_check_staging(), ledger_check_scope(text),
  ledger_keeps(text), ledger_check_role(), ledger_lock(text, text), ledger_last_day(), ledger_check_day(text, date), ledger_link(bytea, bytea, bytea), ledger_chain(bytea, bytea),
  ledger_posting_line(integer, text, text, bigint, text, text, text),
  ledger_voucher_line(text, text, bigint, date, bigint, text, date, date, text, bigint, text, text, text, text, integer,
                      text, bytea),
  ledger_check_postings(text, text, text), ledger_flows_are_plain(text, ledger_move[]), post(text, text),
  ledger_apply(text, text, text, bigint, date[], integer[], integer[], ledger_move[], boolean),
  open_book(text, text, date), hold(text, text, text, uuid[], bigint[]), ledger_has_separators(text),
  release_hold(text, text, uuid[]), ledger_root(text, text, bigint, bigint), seal_statement(text, text, date, timestamptz),
  ledger_seal_line(day_seal), seal(text, text, date, timestamptz, text, bytea), close_period(text, text, date),
  ledger_replay(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_stage(), post(text, text), open_book(text, text, date),
  hold(text, text, text, uuid[], bigint[]), release_hold(text, text, uuid[]),
  seal_statement(text, text, date, timestamptz), seal(text, text, date, timestamptz, text, bytea),
  close_period(text, text, date), ledger_replay(text, text), ledger_root(text, text, bigint, bigint),
  ledger_seal_line(day_seal), ledger_posting_line(integer, text, text, bigint, text, text, text),
  ledger_voucher_line(text, text, bigint, date, bigint, text, date, date, text, bigint, text, text, text, text, integer,
                      text, bytea)
  TO heyi_settlement_app, heyi_settlement_worker;
GRANT EXECUTE ON FUNCTION ledger_replay(text, text), ledger_root(text, text, bigint, bigint), ledger_seal_line(day_seal),
  ledger_posting_line(integer, text, text, bigint, text, text, text),
  ledger_voucher_line(text, text, bigint, date, bigint, text, date, date, text, bigint, text, text, text, text, integer,
                      text, bytea)
  TO heyi_settlement_reader;
