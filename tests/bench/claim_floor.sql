-- The floor of a settlement: pgbench, 8 clients, exactly the rows that our settlement writes, one claim a transaction,
-- under row-level security with the rights of the app role. Nothing is decided here: the values come from a settlement
-- that our service made just before (tests/bench/settlement.py passes them in), only the ids differ.
\set n :n + 1
\set visit :base + :client_id * :step + :n
\set member :visit % :members
BEGIN;
SELECT heyi_set_scope('hospital', '{522422}', '{H52242200001}');
INSERT INTO idempotency (pool_code, subject, key, request_hash, created_at)
  VALUES ('522422', 'hospital-1', 'floor-' || :visit, :request_hash::bytea, :now::timestamptz)
  ON CONFLICT DO NOTHING RETURNING true;
SELECT used, moves FROM accumulator WHERE pool_code = '522422' AND scope = 'person_year' AND year = 2010 AND detail = ''
  AND owner_id = ('00000000-0001-7000-8000-' || lpad(:member::text, 12, '0'))::uuid FOR UPDATE;
UPDATE accumulator SET used = :used::jsonb, moves = moves + 1
  WHERE pool_code = '522422' AND scope = 'person_year' AND year = 2010 AND detail = ''
  AND owner_id = ('00000000-0001-7000-8000-' || lpad(:member::text, 12, '0'))::uuid;
INSERT INTO accumulator_entry
    (pool_code, owner_id, scope, year, detail, move, claim_id, institution_code, takes_back, added,
     counted_on)
  VALUES ('522422', ('00000000-0001-7000-8000-' || lpad(:member::text, 12, '0'))::uuid, 'person_year', 2010, '',
    1000 + :visit::bigint, ('00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid, 'H52242200001', false,
    :used::jsonb, '2010-03-01');
INSERT INTO claim (pool_code, id, institution_code, visit_id, member_id, household_id, township_code, kind, status,
    version, admitted_on, discharged_on, settled_on, settled_at, settled_by, benefit_year, outcome, total_fen,
    eligible_fen, benefit_fen, account_fen, elsewhere_fen, payable_fen, policy_id, policy_hash, catalogue_version,
    coverage_sequence, layers, number)
  VALUES ('522422', ('00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid, 'H52242200001',
    ('00000000-0003-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid,
    ('00000000-0001-7000-8000-' || lpad(:member::text, 12, '0'))::uuid,
    ('00000000-0002-7000-8000-' || lpad(:member::text, 12, '0'))::uuid, '522422100', 'inpatient', 'settled', 1,
    '2010-02-20', '2010-02-27', '2010-03-01', :now::timestamptz, 'hospital-1', 2010, 'settled', :total::bigint,
    :total::bigint, :benefit::bigint, 0, 0, :benefit::bigint, 'dafang-2010', :policy_hash, 'gz-2010', 1, :layers::jsonb,
    '522422-20100301-' || lpad(:visit::text, 9, '0'));
INSERT INTO claim_detail (pool_code, claim_id, institution_code, item_codes, item_names, days, prices_micro,
    quantities_e4, amounts_fen, eligible_fen, over_ceiling_fen, own_share_fen, reasons, facts, decision)
  VALUES ('522422', ('00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid, 'H52242200001',
    :item_codes::text[], :item_names::text[], :days::date[], :prices_micro::bigint[], :quantities_e4::bigint[],
    :amounts_fen::bigint[], :eligible_fen::bigint[], :over_ceiling_fen::bigint[], :own_share_fen::bigint[],
    :reasons::text[], :facts::json, :decision::json);
INSERT INTO outbox (pool_code, business_day, id, topic, type, subject, sequence, partition_key, amount_fen, envelope,
    traceparent, created_at)
  VALUES ('522422', '2010-03-01', ('00000000-0005-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid,
    'heyi.claims.claim.v1', 'heyi.claims.claim.settled.v1', '00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'),
    1, '00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'), :benefit::bigint, :envelope, :traceparent,
    :now::timestamptz);
INSERT INTO audit (pool_code, id, at, subject, role, action, outcome, resource_kind, resource_id, request_id, detail)
  VALUES ('522422', ('00000000-0006-7000-8000-' || lpad(:visit::text, 12, '0'))::uuid, :now::timestamptz, 'hospital-1',
    'hospital', 'settle_visit', 'done', 'claim', '00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0'),
    '0123456789abcdef0123456789abcdef', :audit_detail::jsonb);
UPDATE idempotency SET result_kind = 'claim', status = 201, answer = :answer::bytea,
    result_id = '00000000-0004-7000-8000-' || lpad(:visit::text, 12, '0')
  WHERE pool_code = '522422' AND subject = 'hospital-1' AND key = 'floor-' || :visit;
COMMIT;
