SELECT kind, owner, name, shape, uniquely, made_by FROM (
    SELECT 1 AS place, 'table' AS kind, name AS owner, name, sql AS shape, NULL AS uniquely, NULL AS made_by
    FROM sqlite_schema WHERE type = 'table'
    UNION ALL
    SELECT 2, 'column', whole.name, its.name,
        lower(its.type) || iif(its."notnull", ' not null', '') || iif(its.dflt_value IS NULL, '', ' with a default'), NULL, NULL
    FROM sqlite_schema AS whole JOIN pragma_table_info(whole.name) AS its WHERE whole.type = 'table'
    UNION ALL
    SELECT 3, 'index', tbl_name, name, sql,
        (SELECT group_concat(its.name, ', ') FROM pragma_index_list(tbl_name) AS known JOIN pragma_index_info(known.name) AS its
            WHERE known.name = sqlite_schema.name AND known."unique"),
        sql
    FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
    UNION ALL
    SELECT 4, 'trigger', tbl_name, name, sql, NULL, sql FROM sqlite_schema WHERE type = 'trigger'
)
WHERE substr(owner, 1, 7) <> 'sqlite_' AND substr(owner, 1, 2) <> '__'
ORDER BY place, owner, name
