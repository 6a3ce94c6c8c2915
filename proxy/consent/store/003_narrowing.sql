-- Which purpose narrows which, at any distance: maintained by `pgconsent init`.
CREATE TABLE pgconsent.narrowing (
  purpose text NOT NULL,
  wider text NOT NULL,
  is_widest boolean NOT NULL,
  PRIMARY KEY (purpose, wider)
);
