-- What a settlement batch locks, in the order of contracts §4 and in one round trip. Each step is a statement of its
-- own, since a statement reads what was committed before it began: what is read after a lock is read as it stands
-- under that lock. The functions have the rights of their caller, so row policies hold as ever.

-- Locks accumulator rows in the order given, making those that are missing, and gives them back.
CREATE FUNCTION lock_accumulators(pool text, owners uuid[], scopes text[], years int[], details text[])
RETURNS SETOF public.accumulator LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.accumulator AS a (pool_code, owner_id, scope, year, detail, used, moves)
  SELECT pool, q.owner_id, q.scope, q.year, q.detail, '{}', 0
  FROM unnest(owners, scopes, years, details) WITH ORDINALITY AS q(owner_id, scope, year, detail, place)
  ORDER BY q.place
  ON CONFLICT (pool_code, owner_id, scope, year, detail) DO UPDATE SET moves = a.moves WHERE false;
  RETURN QUERY SELECT a.* FROM unnest(owners, scopes, years, details) AS q(owner_id, scope, year, detail)
  JOIN public.accumulator a ON a.pool_code = pool AND a.owner_id = q.owner_id AND a.scope = q.scope AND a.year = q.year
   AND a.detail = q.detail;
END $$;

-- A visit as it stands under its lock, and the sequences of the coverage and of the cases it rests on.
CREATE TYPE locked_visit AS (
  id uuid, status text, discharged_at timestamptz, line_sheets integer, facts_seq integer, coverage_sequence bigint,
  entitlement_seq bigint
);

-- Accumulators, then visits (with a share lock on their members' coverage), then the claims named and the live claims
-- of the visits; visits and claims in order of their ids.
CREATE FUNCTION lock_batch(
  pool text, owners uuid[], scopes text[], years int[], details text[], visits uuid[], claims uuid[]
) RETURNS TABLE (counted public.accumulator[], locked public.locked_visit[], live public.claim[])
LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(owners) > 0 THEN
    counted := ARRAY(SELECT a FROM public.lock_accumulators(pool, owners, scopes, years, details) AS a);
  END IF;
  locked := ARRAY(
    SELECT ROW(v.id, v.status, v.discharged_at, v.line_sheets, v.facts_seq, m.sequence,
               m.entitlement_seq)::public.locked_visit
    FROM public.visit v
    JOIN public.member_coverage m ON m.pool_code = v.pool_code AND m.member_id = v.member_id
    WHERE v.pool_code = pool AND v.id = ANY (visits)
    ORDER BY v.member_id, v.id  -- members in the order in which the consumer of coverage replaces them
    FOR UPDATE OF v FOR SHARE OF m);
  live := ARRAY(
    SELECT c FROM public.claim c
    WHERE c.pool_code = pool AND (c.id = ANY (claims) OR (c.visit_id = ANY (visits)
      AND c.status NOT IN ('cancelled', 'reversed')))
    ORDER BY c.id FOR UPDATE);
  RETURN NEXT;
END $$;
