SELECT id FROM users WHERE id NOT /**/ IN (1) AND email IS NOT --x
 NULL