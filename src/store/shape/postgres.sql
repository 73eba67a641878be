-- Names and catalogs alone, not the texts in which a server tells what it has: those may be others in its next version.
WITH tables AS (
    SELECT pg_class.oid, relname::text, nspname::text
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND pg_table_is_visible(pg_class.oid)
        AND nspname NOT IN ('pg_catalog', 'information_schema') AND left(relname, 2) <> '__'
),
columns AS (
    SELECT relname,
        attname::text,
        concat(
            format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN ' not null' END,
            CASE WHEN atthasdef THEN ' with a default' END,
            ' in the order of ' || collname
        ) AS shape
    FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
),
functions AS (
    SELECT proname::text,
        prosrc,
        replace(pg_get_functiondef(pg_proc.oid), 'FUNCTION ' || quote_ident(nspname) || '.', 'FUNCTION ') AS made_by
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE prorettype = 'trigger'::regtype AND pg_function_is_visible(pg_proc.oid)
        AND nspname NOT IN ('pg_catalog', 'information_schema')
),
keys AS (
    SELECT relname,
        conname::text,
        CASE contype WHEN 'p' THEN 4 WHEN 'u' THEN 5 WHEN 'c' THEN 6 ELSE 7 END AS place,
        CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique key' WHEN 'c' THEN 'check' ELSE 'foreign key' END AS kind,
        names,
        concat(names, ' to ' || (SELECT concat(relname, ' ', confdeltype) FROM pg_class WHERE pg_class.oid = confrelid)) AS shape,
        CASE WHEN contype IN ('p', 'u') THEN names END AS uniquely,
        concat('ALTER TABLE ', relname, ' ADD CONSTRAINT ', conname, ' ',
            replace(pg_get_constraintdef(pg_constraint.oid), ' NOT VALID', '')) AS made_by
    FROM tables JOIN pg_constraint ON conrelid = tables.oid AND contype IN ('p', 'u', 'c', 'f')
    CROSS JOIN LATERAL (
        SELECT string_agg(attname::text, ', '
            ORDER BY CASE contype WHEN 'c' THEN 0 ELSE array_position(conkey, attnum) END, attname) AS names
        FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)
    ) AS named
),
indexes AS (
    SELECT tables.relname,
        pg_class.relname::text AS name,
        concat(
            CASE WHEN indisunique THEN 'unique ' END,
            names,
            CASE WHEN indpred IS NOT NULL THEN ' of some rows' END,
            CASE WHEN NOT (indisvalid AND indisready) THEN ' not valid' END
        ) AS shape,
        CASE WHEN indisunique THEN names END AS uniquely,
        replace(pg_get_indexdef(indexrelid), ' ON ' || quote_ident(nspname) || '.', ' ON ') AS made_by
    FROM tables JOIN pg_index ON indrelid = tables.oid JOIN pg_class ON pg_class.oid = indexrelid
    CROSS JOIN LATERAL (
        SELECT string_agg(pg_get_indexdef(indexrelid, place, false), ', ' ORDER BY place) AS names
        FROM generate_series(1, indnkeyatts::int) AS place
    ) AS named
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
),
triggers AS (
    SELECT relname,
        tgname::text,
        concat(tgtype::text, ' ', proname, CASE WHEN tgenabled NOT IN ('O', 'A') THEN ' disabled' END) AS shape,
        replace(pg_get_triggerdef(pg_trigger.oid), ' ON ' || quote_ident(nspname) || '.', ' ON ') AS made_by
    FROM tables JOIN pg_trigger ON tgrelid = tables.oid AND NOT tgisinternal JOIN pg_proc ON pg_proc.oid = tgfoid
)
SELECT kind, owner, name, shape, uniquely, made_by FROM (
    SELECT 1 AS place, 'table' AS kind, relname AS owner, relname AS name, '' AS shape, NULL AS uniquely, NULL AS made_by FROM tables
    UNION ALL SELECT 2, 'column', relname, attname, shape, NULL, NULL FROM columns
    UNION ALL SELECT 3, 'function', '', proname, prosrc, NULL, made_by FROM functions
    UNION ALL SELECT place, kind, relname, conname, shape, uniquely, made_by FROM keys
    UNION ALL SELECT 8, 'index', relname, name, shape, uniquely, made_by FROM indexes
    UNION ALL SELECT 9, 'trigger', relname, tgname, shape, NULL, made_by FROM triggers
) AS parts
ORDER BY place, owner COLLATE "C", name COLLATE "C"
