-- One way in (contracts §9). Callers stage rows in temporary tables; post() numbers, digests, chains and books them.
-- Refusals have SQLSTATE HL001, the stable code as message and a JSON object as detail.

CREATE FUNCTION ledger_refuse(code text, detail jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'HL001', MESSAGE = code, DETAIL = detail::text;
END $$;

-- The caller's own: empty staging tables of this session, readable by the owner of post().
CREATE FUNCTION ledger_stage() RETURNS void LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
  IF to_regclass('pg_temp.staged_voucher') IS NULL THEN
    CREATE TEMPORARY TABLE staged_voucher (
      book text NOT NULL, seq integer NOT NULL, source_event text NOT NULL, posting_date date NOT NULL,
      value_date date NOT NULL, reason text NOT NULL, reversal_of bigint, preparer text NOT NULL, checker text NOT NULL,
      poster text NOT NULL, text text NOT NULL, sheets integer NOT NULL, papers text NOT NULL, keeper text,
      exact_day boolean NOT NULL, hold_id uuid
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE staged_posting (
      book text NOT NULL, seq integer NOT NULL, line integer NOT NULL, debit text NOT NULL, credit text NOT NULL,
      amount_fen bigint NOT NULL, party text NOT NULL, ref text NOT NULL, memo text NOT NULL
    ) ON COMMIT DELETE ROWS;
    GRANT SELECT ON pg_temp.staged_voucher, pg_temp.staged_posting TO heyi_settlement_owner;
  ELSE
    DELETE FROM pg_temp.staged_voucher;
    DELETE FROM pg_temp.staged_posting;
  END IF;
END $$;

-- A staged object could be a view, or a table with an index or column that runs code as the owner: only plain tables of
-- plain types are read.
CREATE FUNCTION ledger_check_staging() RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  expected constant text[] := ARRAY[
    'staged_posting:book text,seq integer,line integer,debit text,credit text,amount_fen bigint,party text,ref text,memo text',
    'staged_voucher:book text,seq integer,source_event text,posting_date date,value_date date,reason text,'
    'reversal_of bigint,preparer text,checker text,poster text,text text,sheets integer,papers text,keeper text,'
    'exact_day boolean,hold_id uuid'];
  found text[];
BEGIN
  SELECT array_agg(c.relname || ':' || (
           SELECT string_agg(a.attname || ' ' || CASE
                    WHEN a.attgenerated = '' AND a.atttypid IN (16, 20, 23, 25, 1082, 2950)
                    THEN format_type(a.atttypid, NULL) ELSE '?' END, ',' ORDER BY a.attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) ORDER BY c.relname)
    INTO found
    FROM pg_class c
    WHERE c.oid IN (to_regclass('pg_temp.staged_voucher'), to_regclass('pg_temp.staged_posting'))
      AND c.relkind = 'r' AND c.relpersistence = 't' AND NOT c.relhasindex AND NOT c.relhasrules
      AND NOT c.relrowsecurity AND NOT c.relhassubclass AND NOT c.relispartition;
  IF found IS DISTINCT FROM expected THEN
    PERFORM public.ledger_refuse('ledger_staging_invalid', jsonb_build_object('found', found));
  END IF;
END $$;

CREATE FUNCTION ledger_check_scope(p_pool text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT coalesce(p_pool = ANY (nullif(current_setting('heyi.pools', true), '')::text[]), false) THEN
    PERFORM public.ledger_refuse('ledger_scope', jsonb_build_object('pool_code', p_pool));
  END IF;
END $$;

-- Whether the caller's role acts for a keeper; NULL is the keeper of accounts that nobody keeps, '*' every one.
CREATE FUNCTION ledger_keeps(p_keeper text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.keeper_role k
                 WHERE k.keeper IN (coalesce(p_keeper, '-'), '*') AND k.role = current_setting('heyi.role', true))
$$;

-- A role that acts for no keeper changes no book, whichever its accounts are.
CREATE FUNCTION ledger_check_role() RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.keeper_role k WHERE k.role = current_setting('heyi.role', true)) THEN
    PERFORM public.ledger_refuse('ledger_not_keeper', jsonb_build_object('keeper', '-',
      'role', current_setting('heyi.role', true)));
  END IF;
END $$;

-- The last day that any business day can be: tomorrow, since a day may be closed on its own date (contracts §5). The caller
-- names the days of a voucher; the server's clock is the one that he cannot set, and no day beyond it can be undone.
CREATE FUNCTION ledger_last_day() RETURNS date LANGUAGE sql STABLE
RETURN (statement_timestamp() AT TIME ZONE 'Asia/Shanghai')::date + 1; -- real time: bounds what callers may claim

-- Locks the head of a book; every function that changes a book begins here.
CREATE FUNCTION ledger_lock(p_pool text, p_book text) RETURNS public.book_head LANGUAGE plpgsql AS $$
DECLARE
  head public.book_head;
BEGIN
  PERFORM public.ledger_check_scope(p_pool);
  PERFORM public.ledger_check_role();
  SELECT * INTO head FROM public.book_head h WHERE h.pool_code = p_pool AND h.book = p_book FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM public.ledger_refuse('ledger_book_unknown', jsonb_build_object('pool_code', p_pool, 'book', p_book));
  END IF;
  RETURN head;
END $$;

CREATE FUNCTION ledger_link(state bytea, seed bytea, content bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$ BEGIN RETURN sha256(coalesce(state, seed) || content); END $$; -- a sum of SQL functions would start an executor a row
CREATE AGGREGATE ledger_chain(seed bytea, content bytea) (SFUNC = ledger_link, STYPE = bytea);

-- What one account gave another on a posting and a value day; a sum of postings.
CREATE TYPE ledger_move AS (debit text, credit text, posting_date date, value_date date, amount_fen numeric);

-- TAB and LF separate the canonical records; looked for in the words of many rows together, not row by row.
CREATE FUNCTION ledger_has_separators(words text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN strpos(words, E'\t') > 0 OR strpos(words, E'\n') > 0;

-- Canonical bytes of docs/ledger-format.md.
CREATE FUNCTION ledger_posting_line(line integer, debit text, credit text, amount_fen bigint, party text, ref text,
                                    memo text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN line::text || E'\t' || debit || E'\t' || credit || E'\t' || amount_fen::text || E'\t' || party || E'\t' || ref
       || E'\t' || memo || E'\n';

CREATE FUNCTION ledger_voucher_line(p_pool text, p_book text, number bigint, month date, month_number bigint,
                                    source_event text, posting_date date, value_date date, reason text,
                                    reversal_of bigint, preparer text, checker text, poster text, text text,
                                    sheets integer, papers text, digest bytea) RETURNS bytea LANGUAGE sql STABLE
PARALLEL SAFE
RETURN convert_to(concat_ws(E'\t', 'heyi-ledger-1', p_pool, p_book, number, month, month_number, source_event,
         posting_date, value_date, reason, coalesce(reversal_of::text, ''), preparer, checker, poster, text, sheets,
         papers, coalesce(encode(digest, 'hex'), '')) || E'\n', 'UTF8');

-- Closed loop, keepers and shape of the staged postings, voucher by voucher: refuses the first one that breaks a rule.
CREATE FUNCTION ledger_check_postings(p_pool text, p_book text, p_chart text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_role text := current_setting('heyi.role', true);
  v_every constant boolean := public.ledger_keeps('*');
  v_unkept constant boolean := public.ledger_keeps(NULL);
  v_code text;
  v_bad jsonb;
BEGIN
  WITH lines AS (
    SELECT s.seq, count(*) AS lines, min(s.line) AS first, max(s.line) AS last, min(s.amount_fen) AS least,
           public.ledger_has_separators(string_agg(s.party || s.ref || s.memo, '')) AS separators,
           min(s.ref) <> max(s.ref) AS refs,
           min(s.debit || ' ← ' || s.credit) FILTER (WHERE f.chart IS NULL) AS forbidden,
           min(f.keeper) AS keeper_first, max(f.keeper) AS keeper_last, count(f.keeper) < count(*) AS unkept
    FROM pg_temp.staged_posting s
    LEFT JOIN pg_temp.staged_voucher w ON w.book = s.book AND w.seq = s.seq
    LEFT JOIN public.permitted_flow f ON f.chart = p_chart AND (f.reason IS NULL OR f.reason = w.reason)
      AND f.debit = CASE WHEN w.reversal_of IS NULL THEN s.debit ELSE s.credit END
      AND f.credit = CASE WHEN w.reversal_of IS NULL THEN s.credit ELSE s.debit END
    WHERE s.book = p_book GROUP BY s.seq
  )
  SELECT b.code, jsonb_build_object('pool_code', p_pool, 'book', p_book, 'source_event', v.source_event,
           'flow', p.forbidden, 'role', v_role,
           'keeper', CASE WHEN p.unkept AND NOT v_unkept THEN '-' ELSE p.keeper_first END) INTO v_code, v_bad
    FROM (SELECT w.* FROM pg_temp.staged_voucher w WHERE w.book = p_book) v
    FULL JOIN lines p ON p.seq = v.seq
    CROSS JOIN LATERAL (SELECT
           CASE WHEN v.seq IS NULL OR p.seq IS NULL OR p.lines <> p.last OR p.first <> 1 THEN 'ledger_staging_invalid'
                WHEN p.least <= 0 THEN 'ledger_amount_invalid'
                WHEN p.separators THEN 'ledger_text_invalid'
                WHEN p.refs THEN 'ledger_refs_differ'
                WHEN p.forbidden IS NOT NULL THEN 'ledger_flow_not_permitted'
                WHEN p.keeper_first <> p.keeper_last THEN 'ledger_two_keepers'
                WHEN p.unkept AND NOT v_unkept
                  OR NOT v_every AND p.keeper_first IS NOT NULL AND NOT public.ledger_keeps(p.keeper_first)
                  OR p.keeper_first <> v.keeper THEN 'ledger_not_keeper' END AS code) b
    WHERE b.code IS NOT NULL ORDER BY coalesce(v.seq, p.seq) LIMIT 1;
  IF FOUND THEN
    PERFORM public.ledger_refuse(v_code, v_bad);
  END IF;
END $$;

-- Whether every (debit, credit) of ordinary vouchers is permitted, and all of nobody and of one keeper for whom the role
-- may act: then no voucher among them can break these rules. One comparison for a whole batch, which is nearly always of this kind.
CREATE FUNCTION ledger_flows_are_plain(p_chart text, p_moves public.ledger_move[]) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT count(*) = count(f.chart) AND (count(*) = count(f.keeper) OR public.ledger_keeps(NULL))
         AND (count(DISTINCT f.keeper) = 0 OR count(DISTINCT f.keeper) = 1 AND public.ledger_keeps(min(f.keeper)))
  FROM unnest(p_moves) m LEFT JOIN public.permitted_flow f
    ON f.chart = p_chart AND f.debit = m.debit AND f.credit = m.credit AND (f.reason IS NULL OR f.reason = 'normal')
$$;

CREATE FUNCTION post(p_pool text, p_book text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET datestyle = 'ISO, YMD'
SET enable_nestloop = off AS $$ -- staged rows have no statistics: a loop over them was 10 times slower now and then
DECLARE
  head public.book_head;
  v_chart text;
  v_after bigint; -- a field of head costs more in every row
  v_closed date;
  v_count bigint;
  v_ordinary boolean;
  v_holds boolean;
  v_latest date;
  v_last_day constant date := public.ledger_last_day();
  v_shapely boolean;
  v_bad jsonb;
  v_code text;
  v_digests bytea[];
  v_hash bytea;
  v_days date[];
  v_months date[];
  v_firsts integer[];
  v_lasts integer[];
  v_bases bigint[];
  v_values date[];
  v_day date; -- where all vouchers have one posting or value day: quicker than looking into an array for each posting
  v_value date;
  v_moves public.ledger_move[];
BEGIN
  PERFORM public.ledger_check_staging();
  head := public.ledger_lock(p_pool, p_book);
  v_after := head.last_number;
  v_closed := head.closed_through;
  SELECT b.chart INTO v_chart FROM public.book b WHERE b.pool_code = p_pool AND b.book = p_book;

  -- shape and dates of the vouchers
  SELECT count(*), bool_and(v.reason = 'normal' AND v.reversal_of IS NULL AND v.keeper IS NULL),
         bool_or(v.hold_id IS NOT NULL), max(v.posting_date),
         array_agg(v.value_date ORDER BY v.seq),
         CASE WHEN min(v.value_date) = max(v.value_date) THEN min(v.value_date) END,
         CASE WHEN count(*) = 0 OR min(v.seq) <> 1 OR max(v.seq) <> count(*) OR count(DISTINCT v.seq) <> count(*)
              THEN 'ledger_staging_invalid'
              WHEN greatest(max(v.posting_date), max(v.value_date)) > v_last_day OR min(v.value_date) < '2003-01-01'
              THEN 'ledger_date_impossible' -- infinite days as well; the scheme began in 2003
              WHEN bool_or(v.exact_day AND v.posting_date < head.open_day) THEN 'ledger_day_closed'
              WHEN bool_or(v.reason = 'late' AND v.value_date > v_closed) THEN 'ledger_not_late'
              WHEN public.ledger_has_separators(string_agg(
                     v.source_event || v.preparer || v.checker || v.poster || v.text, ''))
              THEN 'ledger_text_invalid' END
    INTO v_count, v_ordinary, v_holds, v_latest, v_values, v_value, v_code
    FROM pg_temp.staged_voucher v WHERE v.book = p_book;
  IF v_code IS NOT NULL THEN
    PERFORM public.ledger_refuse(v_code, jsonb_build_object('pool_code', p_pool, 'book', p_book,
      'open_day', head.open_day, 'sealed_through', head.sealed_through, 'last_day', v_last_day,
      'closed_through', v_closed));
  END IF;

  -- posting days never fall: vouchers of one day are neighbours, a run from v_firsts to v_lasts; its month began after
  -- the number in v_bases. One sort here instead of one in every statement below, none where all are of the open day.
  IF v_latest <= head.open_day THEN
    v_day := head.open_day;
    v_days := ARRAY[v_day];
    v_months := ARRAY[date_trunc('month', v_day)::date];
    v_firsts := ARRAY[1];
    v_lasts := ARRAY[v_count::integer];
    v_bases := ARRAY[head.month_base];
  ELSE
    SELECT array_agg(r.day), array_agg(r.month), array_agg(r.first), array_agg(r.last), array_agg(
             CASE WHEN r.month = date_trunc('month', head.open_day)::date THEN head.month_base
                  ELSE v_after + r.month_first - 1 END)
      INTO v_days, v_months, v_firsts, v_lasts, v_bases FROM (
        SELECT d.day, d.first, d.last, d.month, min(d.first) OVER (PARTITION BY d.month) AS month_first FROM (
          SELECT x.day, date_trunc('month', x.day)::date AS month, min(x.seq) AS first, max(x.seq) AS last FROM (
            SELECT v.seq, max(greatest(v.posting_date, head.open_day)) OVER (ORDER BY v.seq) AS day
            FROM pg_temp.staged_voucher v WHERE v.book = p_book) x
          GROUP BY x.day) d
        ORDER BY d.day) r;
    v_day := CASE WHEN cardinality(v_days) = 1 THEN v_days[1] END;
  END IF;

  -- a book is opened before its first ordinary voucher, never later
  IF NOT v_ordinary AND EXISTS (
       SELECT FROM pg_temp.staged_voucher v WHERE v.book = p_book AND v.reason = 'opening')
     AND (EXISTS (SELECT FROM public.voucher o WHERE o.pool_code = p_pool AND o.book = p_book
                    AND o.number = v_after AND o.reason <> 'opening')
          OR (SELECT min(v.seq) FILTER (WHERE v.reason <> 'opening') < max(v.seq) FILTER (WHERE v.reason = 'opening')
              FROM pg_temp.staged_voucher v WHERE v.book = p_book)) THEN
    PERFORM public.ledger_refuse('ledger_opened_already', jsonb_build_object('pool_code', p_pool, 'book', p_book));
  END IF;

  -- digests of the postings, and what they move between two accounts on a posting and a value day
  SELECT array_agg(p.digest ORDER BY p.seq),
         count(*) = v_count AND min(p.seq) = 1 AND max(p.seq) = v_count
         AND bool_and(p.lines = p.last AND p.first = 1 AND p.least > 0)
         AND NOT public.ledger_has_separators(string_agg(p.words, ''))
    INTO v_digests, v_shapely FROM ( -- a voucher with two business numbers is two groups
      SELECT s.seq, count(*) AS lines, min(s.line) AS first, max(s.line) AS last, min(s.amount_fen) AS least,
             s.ref || string_agg(s.party || s.memo, '') AS words,
             sha256(convert_to(string_agg(public.ledger_posting_line(s.line, s.debit, s.credit, s.amount_fen, s.party,
               s.ref, s.memo), '' ORDER BY s.line), 'UTF8')) AS digest
      FROM pg_temp.staged_posting s WHERE s.book = p_book GROUP BY s.seq, s.ref) p;
  SELECT array_agg(ROW(m.debit, m.credit, m.posting_date, m.value_date, m.amount_fen)::public.ledger_move)
    INTO v_moves FROM (
      SELECT s.debit, s.credit, coalesce(v_day, v_days[width_bucket(s.seq, v_firsts)]) AS posting_date,
             coalesce(v_value, v_values[s.seq]) AS value_date, sum(s.amount_fen) AS amount_fen
      FROM pg_temp.staged_posting s WHERE s.book = p_book GROUP BY 1, 2, 3, 4) m;

  -- the closed loop, keepers and shape: at once where all is ordinary, else voucher by voucher
  IF NOT (v_ordinary AND coalesce(v_shapely, false) AND public.ledger_flows_are_plain(v_chart, v_moves)) THEN
    PERFORM public.ledger_check_postings(p_pool, p_book, v_chart);
  END IF;

  -- a reversal mirrors its voucher, line by line
  IF NOT v_ordinary THEN
    SELECT jsonb_build_object('source_event', v.source_event, 'reversal_of', v.reversal_of) INTO v_bad
      FROM pg_temp.staged_voucher v
      WHERE v.book = p_book AND v.reversal_of IS NOT NULL AND EXISTS (
        SELECT FROM (SELECT s.line, s.debit, s.credit, s.amount_fen FROM pg_temp.staged_posting s
                     WHERE s.book = p_book AND s.seq = v.seq) mine
        FULL JOIN (SELECT o.line, o.debit, o.credit, o.amount_fen FROM public.posting o
                   WHERE o.pool_code = p_pool AND o.book = p_book AND o.number = v.reversal_of) theirs
          ON theirs.line = mine.line
        WHERE (mine.debit, mine.credit, mine.amount_fen) IS DISTINCT FROM (theirs.credit, theirs.debit, theirs.amount_fen))
      LIMIT 1;
    IF v_bad IS NOT NULL THEN
      PERFORM public.ledger_refuse('ledger_reversal_differs', v_bad);
    END IF;
  END IF;

  -- numbers, digests, chain
  INSERT INTO public.voucher (pool_code, book, number, month, month_number, source_event, posting_date, value_date,
                              reason, reversal_of, preparer, checker, poster, text, sheets, papers, postings_digest, hash)
  SELECT p_pool, p_book, n.number, n.month, n.month_number, n.source_event, n.day, n.value_date, n.reason, n.reversal_of,
         n.preparer, n.checker, n.poster, n.text, n.sheets, n.papers, n.digest,
         public.ledger_chain(head.last_hash, public.ledger_voucher_line(p_pool, p_book, n.number, n.month,
           n.month_number, n.source_event, n.day, n.value_date, n.reason, n.reversal_of, n.preparer, n.checker, n.poster,
           n.text, n.sheets, n.papers, n.digest)) OVER (ORDER BY n.seq ROWS UNBOUNDED PRECEDING)
  FROM (
    SELECT v.seq, v_after + v.seq AS number, v_months[v.run] AS month,
           v_after + v.seq - v_bases[v.run] AS month_number, v.source_event, v_days[v.run] AS day, v.value_date,
           CASE WHEN v.reason = 'normal' AND v.value_date <= v_closed THEN 'late' ELSE v.reason END AS reason,
           v.reversal_of, v.preparer, v.checker, v.poster, v.text, v.sheets, v.papers, v_digests[v.seq] AS digest
    FROM (SELECT w.*, width_bucket(w.seq, v_firsts) AS run FROM pg_temp.staged_voucher w WHERE w.book = p_book) v) n;
  SELECT v.hash INTO STRICT v_hash FROM public.voucher v
    WHERE v.pool_code = p_pool AND v.book = p_book AND v.number = v_after + v_count;
  INSERT INTO public.posting (pool_code, book, number, line, debit, credit, amount_fen, party, ref, memo)
  SELECT p_pool, p_book, v_after + s.seq, s.line, s.debit, s.credit, s.amount_fen, s.party, s.ref, s.memo
  FROM pg_temp.staged_posting s WHERE s.book = p_book; -- in the order staged: sorting them would cost and gain nothing

  PERFORM public.ledger_apply(p_pool, p_book, v_chart, v_after, v_days, v_firsts, v_lasts, v_moves, v_holds);
  UPDATE public.book_head h SET last_number = v_after + v_count, last_hash = v_hash,
         open_day = v_days[cardinality(v_days)], month_base = v_bases[cardinality(v_bases)]
    WHERE h.pool_code = p_pool AND h.book = p_book;
  RETURN v_after + 1;
END $$;

-- Turnover, day numbers, ended holds and balances of the vouchers after p_after, in runs of one posting day each; the
-- head is locked by the caller.
CREATE FUNCTION ledger_apply(p_pool text, p_book text, p_chart text, p_after bigint, p_days date[], p_firsts integer[],
                             p_lasts integer[], p_moves public.ledger_move[], p_holds boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_nestloop = on AS $$
DECLARE
  v_bad jsonb;
BEGIN
  INSERT INTO public.book_day AS d (pool_code, book, posting_date, first_number, last_number)
  SELECT p_pool, p_book, r.day, p_after + r.first, p_after + r.last
  FROM unnest(p_days, p_firsts, p_lasts) AS r(day, first, last)
  ON CONFLICT (pool_code, book, posting_date) DO UPDATE SET last_number = excluded.last_number;

  -- holds that these vouchers use: part of the held amount may be posted, the rest is free again
  IF p_holds THEN
    SELECT jsonb_build_object('hold_id', s.hold_id) INTO v_bad
      FROM pg_temp.staged_voucher s
      LEFT JOIN public.hold h ON h.pool_code = p_pool AND h.book = p_book AND h.hold_id = s.hold_id
      LEFT JOIN public.hold_end e ON e.pool_code = p_pool AND e.book = p_book AND e.hold_id = s.hold_id
      LEFT JOIN public.chart_account a ON a.chart = p_chart AND a.account = h.account
      WHERE s.book = p_book AND s.hold_id IS NOT NULL AND (h.hold_id IS NULL OR e.hold_id IS NOT NULL OR NOT coalesce((
        SELECT sum(CASE WHEN (p.credit = h.account) = (a.normal_side = 'debit') THEN p.amount_fen ELSE -p.amount_fen END)
        FROM pg_temp.staged_posting p
        WHERE p.book = p_book AND p.seq = s.seq AND h.account IN (p.debit, p.credit)) BETWEEN 1 AND h.amount_fen, false))
      LIMIT 1;
    IF v_bad IS NOT NULL THEN
      PERFORM public.ledger_refuse('ledger_hold_invalid', v_bad);
    END IF;
    INSERT INTO public.hold_end (pool_code, book, hold_id, outcome, number)
    SELECT p_pool, p_book, s.hold_id, 'posted', p_after + s.seq FROM pg_temp.staged_voucher s
    WHERE s.book = p_book AND s.hold_id IS NOT NULL;
  END IF;

  INSERT INTO public.balance (pool_code, book, account, guarded, posted_fen, pending_fen)
  SELECT p_pool, p_book, a.account, a.guarded, 0, 0 FROM public.chart_account a
  WHERE a.chart = p_chart AND NOT EXISTS (
    SELECT FROM public.balance b WHERE b.pool_code = p_pool AND b.book = p_book AND b.account = a.account)
  ON CONFLICT DO NOTHING;

  WITH turnover AS MATERIALIZED (
    SELECT t.account, t.posting_date, t.value_date, sum(t.debit_fen)::bigint AS debit_fen,
           sum(t.credit_fen)::bigint AS credit_fen
    FROM (SELECT m.debit AS account, m.posting_date, m.value_date, m.amount_fen AS debit_fen, 0 AS credit_fen
          FROM unnest(p_moves) m
          UNION ALL SELECT m.credit, m.posting_date, m.value_date, 0, m.amount_fen FROM unnest(p_moves) m) t
    GROUP BY 1, 2, 3
  ), days AS (
    INSERT INTO public.account_day AS d (pool_code, book, account, posting_date, value_date, debit_fen, credit_fen)
    SELECT p_pool, p_book, t.account, t.posting_date, t.value_date, t.debit_fen, t.credit_fen FROM turnover t
    ON CONFLICT (pool_code, book, account, posting_date, value_date) DO UPDATE
      SET debit_fen = d.debit_fen + excluded.debit_fen, credit_fen = d.credit_fen + excluded.credit_fen
  ), by_day AS (
    SELECT m.account, sum(m.posted_fen) AS posted_fen, sum(m.pending_fen) AS pending_fen,
           sum(sum(m.posted_fen + m.pending_fen)) OVER (PARTITION BY m.account ORDER BY m.posting_date) AS so_far_fen
    FROM (
      SELECT t.account, t.posting_date, CASE a.normal_side WHEN 'debit' THEN t.debit_fen - t.credit_fen
                                                           ELSE t.credit_fen - t.debit_fen END AS posted_fen,
             0 AS pending_fen
      FROM turnover t JOIN public.chart_account a ON a.chart = p_chart AND a.account = t.account
      UNION ALL
      SELECT h.account, p_days[width_bucket(s.seq, p_firsts)], 0, h.amount_fen
      FROM pg_temp.staged_voucher s JOIN public.hold h
        ON h.pool_code = p_pool AND h.book = p_book AND h.hold_id = s.hold_id
      WHERE s.book = p_book) m
    GROUP BY m.account, m.posting_date
  ), moves AS ( -- what the first days take must be there before the later ones bring more
    SELECT d.account, sum(d.posted_fen) AS posted_fen, sum(d.pending_fen) AS pending_fen, min(d.so_far_fen) AS lowest_fen
    FROM by_day d GROUP BY d.account
  ), short AS (
    SELECT jsonb_build_object('book', p_book, 'account', b.account, 'available_fen', b.posted_fen + b.pending_fen,
                              'change_fen', m.lowest_fen) AS detail
    FROM public.balance b JOIN moves m ON m.account = b.account
    WHERE b.pool_code = p_pool AND b.book = p_book AND b.guarded AND b.posted_fen + b.pending_fen + m.lowest_fen < 0
    LIMIT 1
  ), changed AS (
    UPDATE public.balance b SET posted_fen = b.posted_fen + m.posted_fen, pending_fen = b.pending_fen + m.pending_fen
    FROM moves m WHERE b.pool_code = p_pool AND b.book = p_book AND b.account = m.account
      AND NOT EXISTS (SELECT FROM short)
  )
  SELECT s.detail INTO v_bad FROM short s;
  IF v_bad IS NOT NULL THEN
    PERFORM public.ledger_refuse('ledger_overdrawn', v_bad);
  END IF;
END $$;
