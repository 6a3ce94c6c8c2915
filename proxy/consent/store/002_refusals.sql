-- A refusal: consent was asked for and not given. What withdraws consent that was given is a withdrawal.
ALTER TABLE pgconsent.consent_event
  DROP CONSTRAINT consent_event_event_type_check,
  ADD CONSTRAINT consent_event_event_type_check
    CHECK (event_type IN ('give', 'refuse', 'withdraw', 'object', 'restrict', 'lift'));
