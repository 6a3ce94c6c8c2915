SELECT E'a\'b', $tag$ users $tag$, 'it''s', B'01', X'1F', U&'\0041' FROM users -- users
/* nested /* users */ */