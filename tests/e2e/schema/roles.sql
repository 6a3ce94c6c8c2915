-- Cluster-wide roles. No role but postgres is a superuser; `pgconsent` is the proxy's control role.
CREATE ROLE pgconsent LOGIN;
CREATE ROLE shop_owner;
CREATE ROLE app_users;
CREATE ROLE crm LOGIN IN ROLE app_users;
CREATE ROLE mailer LOGIN IN ROLE app_users;
CREATE ROLE analyst LOGIN IN ROLE app_users;
CREATE ROLE hr_app LOGIN IN ROLE app_users;
CREATE ROLE stranger LOGIN IN ROLE app_users;
CREATE ROLE dba LOGIN IN ROLE app_users;
CREATE ROLE viewer LOGIN;                                  -- may read views, not what is behind them
CREATE ROLE owner_app LOGIN IN ROLE shop_owner;
CREATE ROLE scram_app LOGIN PASSWORD 'correct horse' IN ROLE app_users;
SET password_encryption = 'md5';
CREATE ROLE md5_app LOGIN PASSWORD 'battery staple' IN ROLE app_users;
CREATE ROLE clear_app LOGIN PASSWORD 'tr0ub4dor' IN ROLE app_users;
GRANT pg_read_server_files, pg_read_all_stats TO mailer;   -- so that a refusal is the proxy's, not the server's
