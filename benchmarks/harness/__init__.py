"""End-to-end measurements of pgconsent beside PostgreSQL, PgBouncer and HAProxy. Standard library only."""
