-- Who called, whatever the caller says of the actor. NULL: recorded before.
ALTER TABLE pgconsent.consent_event ADD COLUMN recorded_by name;
ALTER TABLE pgconsent.consent_event ALTER COLUMN recorded_by SET DEFAULT session_user;

-- Which purpose narrows which, at any distance: maintained by `pgconsent init`.
CREATE TABLE pgconsent.narrowing (
  purpose text NOT NULL,
  wider text NOT NULL,
  is_widest boolean NOT NULL,
  PRIMARY KEY (purpose, wider)
);
