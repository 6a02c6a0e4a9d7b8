/**
 * Leaves out the name of the line's own schema where it stands before a dot, and is not the end of another name. An expression
 * costs less than the next one: most lines do not have the name, and nearly all others have it after one of three characters.
 */
function withoutOwn(text: string): string {
  const plain = [' ', '(', "''"].reduce(
    (inner, before) => `pg_catalog.replace(${inner}, '${before}' || schema || '.', '${before}')`,
    text,
  );
  const any = `pg_catalog.regexp_replace(${text}, '(?<![[:alnum:]_$"])(?:"' || schema || '"|' || schema || ')\\.', '', 'g')`;
  const has = (inner: string): string => `pg_catalog.strpos(${inner}, schema) > 0`;
  return `CASE WHEN NOT ${has(text)} THEN ${text} WHEN NOT ${has(plain)} THEN ${plain} ELSE ${any} END`;
}

// What is in schemas, a line for each thing, from the catalog of the server alone: it takes no lock on a table. $1 names the
// schemas, $2 the role of the tenant of each.
//
// A line is the same for each tenant: the name of its schema is left out where it stands before a dot, and the tenant's role
// is called so. The order of columns is no part of it, and what PostgreSQL makes by itself is not either, nor what a move of
// the tenant has put there: moving/move-mark.ts.
const LINES = `
  chosen AS (
    SELECT namespace.oid, nspname, nspowner, nspacl, role
      FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS asked (name, role)
      JOIN pg_catalog.pg_namespace AS namespace ON nspname = asked.name),
  relation AS (
    SELECT class.*, nspname, role FROM pg_catalog.pg_class AS class JOIN chosen ON relnamespace = chosen.oid),
  line (schema, kind, object, part, definition) AS (
    SELECT nspname, 'schema', '', NULL::text, 'owner ' || pg_catalog.pg_get_userbyid(nspowner) FROM chosen
    UNION ALL
    SELECT nspname, CASE WHEN relkind IN ('v', 'm') THEN 'view' WHEN relkind = 'c' THEN 'type' ELSE 'table' END, relname, NULL,
           pg_catalog.concat_ws(' ', 'kind ' || relkind::text, 'owner ' || pg_catalog.pg_get_userbyid(relowner),
             'persistence ' || NULLIF(relpersistence::text, 'p'), CASE WHEN relrowsecurity THEN 'row security' END,
             CASE WHEN relforcerowsecurity THEN 'force row security' END, 'replica identity ' || NULLIF(relreplident::text, 'd'),
             'options ' || reloptions::text, CASE WHEN relkind = 'p' THEN pg_catalog.pg_get_partkeydef(oid) END,
             pg_catalog.pg_get_expr(relpartbound, oid), CASE WHEN relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(oid) END,
             (SELECT 'inherits ' || pg_catalog.string_agg(inhparent::pg_catalog.regclass::text, ', ' ORDER BY inhseqno)
                FROM pg_catalog.pg_inherits WHERE inhrelid = relation.oid),
             'comment ' || (SELECT description FROM pg_catalog.pg_description
                             WHERE objoid = relation.oid AND objsubid = 0 AND classoid = 'pg_catalog.pg_class'::pg_catalog.regclass))
      FROM relation WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
    UNION ALL
    SELECT nspname, 'column', relname, attname,
           pg_catalog.concat_ws(' ', pg_catalog.format_type(atttypid, atttypmod),
             (SELECT 'COLLATE ' || collname FROM pg_catalog.pg_collation AS own_collation
               WHERE own_collation.oid = attcollation
                 AND attcollation <> (SELECT typcollation FROM pg_catalog.pg_type WHERE pg_type.oid = atttypid)),
             CASE WHEN attnotnull THEN 'NOT NULL' END, 'identity ' || NULLIF(attidentity::text, ''),
             CASE WHEN attgenerated = '' THEN 'DEFAULT ' ELSE 'generated ' || attgenerated::text || ' ' END
               || (SELECT pg_catalog.pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef
                    WHERE adrelid = attrelid AND adnum = attnum),
             'comment ' || (SELECT description FROM pg_catalog.pg_description
                             WHERE objoid = attrelid AND objsubid = attnum AND classoid = 'pg_catalog.pg_class'::pg_catalog.regclass))
      FROM relation JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
     WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
    UNION ALL
    SELECT nspname, 'index', (SELECT relname FROM pg_catalog.pg_class WHERE pg_class.oid = indrelid), relname,
           pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'INVALID' END,
             CASE WHEN indisreplident THEN 'replica identity' END, CASE WHEN indisclustered THEN 'clustered' END)
      FROM relation JOIN pg_catalog.pg_index ON indexrelid = relation.oid
    UNION ALL
    SELECT nspname, 'constraint', COALESCE(relname, pg_catalog.format_type(contypid, NULL)), conname,
           pg_catalog.concat_ws(' ', pg_catalog.pg_get_constraintdef(con.oid), CASE WHEN NOT convalidated THEN 'not validated' END)
      FROM chosen JOIN pg_catalog.pg_constraint AS con ON connamespace = chosen.oid
      LEFT JOIN pg_catalog.pg_class AS class ON class.oid = conrelid
     WHERE contype NOT IN ('n', 't')
    UNION ALL
    SELECT nspname, 'sequence', relname, NULL,
           pg_catalog.concat_ws(' ', pg_catalog.format_type(seqtypid, NULL), 'start', seqstart, 'by', seqincrement, 'from', seqmin, 'to',
             seqmax, 'cache', seqcache, CASE WHEN seqcycle THEN 'cycle' END, 'owner ' || pg_catalog.pg_get_userbyid(relowner),
             (SELECT 'of ' || refobjid::pg_catalog.regclass::text || '.' || attname
                FROM pg_catalog.pg_depend JOIN pg_catalog.pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
               WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objid = relation.oid AND deptype IN ('a', 'i')
                 AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))
      FROM relation JOIN pg_catalog.pg_sequence ON seqrelid = relation.oid
    UNION ALL
    SELECT nspname, 'trigger', relname, tgname, pg_catalog.pg_get_triggerdef(pg_trigger.oid) || ' enabled ' || tgenabled::text
      FROM relation JOIN pg_catalog.pg_trigger ON tgrelid = relation.oid AND NOT tgisinternal AND tgname <> 'tenancy_move'
    UNION ALL
    SELECT nspname, 'rule', relname, rulename, pg_catalog.pg_get_ruledef(pg_rewrite.oid) || ' enabled ' || ev_enabled::text
      FROM relation JOIN pg_catalog.pg_rewrite ON ev_class = relation.oid AND rulename <> '_RETURN'
    UNION ALL
    SELECT nspname, 'policy', relname, polname,
           pg_catalog.concat_ws(' ', polcmd::text, CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
             (SELECT 'to ' || pg_catalog.string_agg(CASE WHEN member = 0 THEN 'public' WHEN name = role THEN 'the tenant' ELSE name END,
                       ', ' ORDER BY name)
                FROM pg_catalog.unnest(polroles) AS member, LATERAL (SELECT pg_catalog.pg_get_userbyid(member)::text AS name) AS named),
             'using ' || pg_catalog.pg_get_expr(polqual, polrelid), 'check ' || pg_catalog.pg_get_expr(polwithcheck, polrelid))
      FROM relation JOIN pg_catalog.pg_policy ON polrelid = relation.oid
    UNION ALL
    SELECT nspname, 'function', proname || '(' || pg_catalog.pg_get_function_identity_arguments(pg_proc.oid) || ')', NULL,
           pg_catalog.concat_ws(' ', 'owner ' || pg_catalog.pg_get_userbyid(proowner),
             CASE WHEN prokind = 'a' THEN 'aggregate' ELSE pg_catalog.pg_get_functiondef(pg_proc.oid) END)
      FROM chosen JOIN pg_catalog.pg_proc ON pronamespace = chosen.oid AND proname <> 'tenancy_move'
    UNION ALL
    SELECT nspname, 'type', typname, NULL,
           pg_catalog.concat_ws(' ', 'kind ' || typtype::text, 'owner ' || pg_catalog.pg_get_userbyid(typowner),
             (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
                FROM pg_catalog.pg_enum WHERE enumtypid = pg_type.oid),
             CASE WHEN typtype = 'd' THEN pg_catalog.concat_ws(' ', pg_catalog.format_type(typbasetype, typtypmod),
               CASE WHEN typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || typdefault) END)
      FROM chosen JOIN pg_catalog.pg_type ON typnamespace = chosen.oid AND typtype IN ('e', 'd', 'r')
    UNION ALL
    SELECT nspname, 'grant', object, CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN name = role THEN 'the tenant' ELSE name END,
           pg_catalog.string_agg(privilege_type || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' ORDER BY privilege_type)
      FROM (
        SELECT nspname, role, 'the schema' AS object, COALESCE(nspacl, pg_catalog.acldefault('n', nspowner)) AS acl FROM chosen
        UNION ALL
        SELECT nspname, role, relname,
               COALESCE(relacl, pg_catalog.acldefault(CASE WHEN relkind = 'S' THEN 's' ELSE 'r' END::"char", relowner))
          FROM relation WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        UNION ALL
        SELECT nspname, role, relname || '.' || attname, attacl
          FROM relation JOIN pg_catalog.pg_attribute ON attrelid = relation.oid AND attacl IS NOT NULL AND NOT attisdropped
        UNION ALL
        SELECT nspname, role, proname || '(' || pg_catalog.pg_get_function_identity_arguments(pg_proc.oid) || ')',
               COALESCE(proacl, pg_catalog.acldefault('f', proowner))
          FROM chosen JOIN pg_catalog.pg_proc ON pronamespace = chosen.oid AND proname <> 'tenancy_move'
        UNION ALL
        SELECT nspname, role, typname, typacl
          FROM chosen JOIN pg_catalog.pg_type ON typnamespace = chosen.oid AND typacl IS NOT NULL
      ) AS granted, LATERAL pg_catalog.aclexplode(acl) AS entry, LATERAL (SELECT pg_catalog.pg_get_userbyid(grantee)::text AS name) AS named
     GROUP BY nspname, object, grantee, name, role
  ),
  same AS (
    SELECT schema, kind, ${withoutOwn('object')} AS object, part, ${withoutOwn('definition')} AS definition FROM line)`;

/** A hash of all lines of each schema. */
export const SCHEMA_HASHES = `WITH ${LINES}
  SELECT schema, pg_catalog.md5(pg_catalog.string_agg(text, E'\\n' ORDER BY text COLLATE "C")) AS hash
    FROM (SELECT schema, pg_catalog.concat_ws(' ', kind, object, part, definition) AS text FROM same) AS texts
   GROUP BY schema`;

/** The lines themselves. */
export const SCHEMA_LINES = `WITH ${LINES}
  SELECT schema, kind, object, part, definition FROM same ORDER BY kind, object, part`;

export interface SchemaLine {
  readonly schema: string;
  readonly kind: string;
  readonly object: string;
  readonly part: string | null;
  readonly definition: string;
}
