import { notExtended, part } from './catalog-part.ts'
import { notSlipways } from './logins-sql.ts'

const named = (name: string): string => `s.name || '.' || pg_catalog.quote_ident(${name})`

function digest(text: string): string {
  return `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(${text}, ''), 'UTF8')), 'hex')`
}

/** Rarely touched; whichever way they change, code of before was written for what they were. */
export const smallParts = [
  part(
    'cast',
    `pg_catalog.format_type(c.castsource, null) || ' as ' || pg_catalog.format_type(c.casttarget, null)`,
    `'context', c.castcontext, 'function', c.castfunc::regprocedure::text`,
    `pg_catalog.pg_cast c where c.oid >= 16384 and ${notExtended('pg_cast', 'c.oid')}`,
  ),
  part(
    'operator',
    'o.oid::regoperator::text',
    `'function', o.oprcode::regprocedure::text`,
    `pg_catalog.pg_operator o join spaces s on s.oid = o.oprnamespace where ${notExtended('pg_operator', 'o.oid')}`,
  ),
  part(
    'collation',
    named('c.collname'),
    `'locale', c.collcollate, 'provider', c.collprovider`,
    `pg_catalog.pg_collation c join spaces s on s.oid = c.collnamespace where ${notExtended('pg_collation', 'c.oid')}`,
  ),
  part(
    'search configuration',
    named('c.cfgname'),
    `'dictionaries', (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(m.maptokentype, m.mapdict::regdictionary::text) order by m.maptokentype, m.mapseqno)
                      from pg_catalog.pg_ts_config_map m where m.mapcfg = c.oid)`,
    `pg_catalog.pg_ts_config c join spaces s on s.oid = c.cfgnamespace where ${notExtended('pg_ts_config', 'c.oid')}`,
  ),
  part(
    'search dictionary',
    named('d.dictname'),
    `'options', d.dictinitoption`,
    `pg_catalog.pg_ts_dict d join spaces s on s.oid = d.dictnamespace where ${notExtended('pg_ts_dict', 'd.oid')}`,
  ),
  part(
    'publication',
    'pg_catalog.quote_ident(p.pubname)',
    `'all', p.puballtables, 'updates', p.pubupdate or p.pubdelete,
     'tables', (select pg_catalog.jsonb_agg(r.prrelid::regclass::text order by r.prrelid::regclass::text) from pg_catalog.pg_publication_rel r where r.prpubid = p.oid)`,
    'pg_catalog.pg_publication p',
  ),
  // Options and settings may hold secrets.
  part(
    'server',
    'pg_catalog.quote_ident(f.srvname)',
    `'sha256', ${digest('f.srvoptions::text')}`,
    'pg_catalog.pg_foreign_server f',
  ),
  part(
    'setting',
    `case when d.setrole = 0 then '' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.setrole)) || ' ' end || pg_catalog.split_part(c.entry, '=', 1)
     || case when d.setdatabase = 0 then ' everywhere' else '' end`,
    `'sha256', ${digest('c.entry')}`,
    `pg_catalog.pg_db_role_setting d, pg_catalog.unnest(d.setconfig) as c(entry)
     where d.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
     and ${notSlipways('d.setrole')}`,
  ),
  part(
    'role',
    'pg_catalog.quote_ident(r.rolname)',
    `'login', r.rolcanlogin, 'superuser', r.rolsuper, 'inherit', r.rolinherit, 'bypassRls', r.rolbypassrls, 'createDb', r.rolcreatedb,
     'createRole', r.rolcreaterole, 'limit', r.rolconnlimit, 'until', r.rolvaliduntil,
     'memberOf', (select pg_catalog.jsonb_agg(pg_catalog.pg_get_userbyid(m.roleid) order by pg_catalog.pg_get_userbyid(m.roleid)) from pg_catalog.pg_auth_members m where m.member = r.oid)`,
    `pg_catalog.pg_roles r where r.rolname !~ '^pg_' and ${notSlipways('r.oid')}`,
  ),
]
