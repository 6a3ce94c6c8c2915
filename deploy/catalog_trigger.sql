-- Tells every proxy at once when a definition has changed; without it they look once a second. Run as a superuser in
-- each protected database: psql -f catalog_trigger.sql. To undo: DROP SCHEMA pgconsent_catalog CASCADE.
-- A transaction that changes definitions can't be prepared for two-phase commit then (NOTIFY).
BEGIN;

CREATE SCHEMA pgconsent_catalog;

CREATE FUNCTION pgconsent_catalog.changed() RETURNS event_trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF TG_EVENT = 'sql_drop' THEN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary) THEN
      RETURN;
    END IF;
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() c
                    WHERE c.schema_name IS DISTINCT FROM 'pg_temp') THEN
    RETURN;
  END IF;
  PERFORM pg_catalog.pg_notify('pgconsent_catalog_changed', '');
END $$;

CREATE EVENT TRIGGER pgconsent_catalog_changed ON ddl_command_end EXECUTE FUNCTION pgconsent_catalog.changed();
CREATE EVENT TRIGGER pgconsent_catalog_dropped ON sql_drop EXECUTE FUNCTION pgconsent_catalog.changed();
ALTER EVENT TRIGGER pgconsent_catalog_changed ENABLE ALWAYS;
ALTER EVENT TRIGGER pgconsent_catalog_dropped ENABLE ALWAYS;

COMMIT;
