# ActiveRecord: schema queries, relations, batches, upserts.
require "active_record"
require "json"

def report(name)
  got = ActiveRecord::Base.transaction(requires_new: true) { r = yield; r = r.as_json; puts({step: name, got: r}.to_json); raise ActiveRecord::Rollback }
  got
rescue => e
  code = e.cause.respond_to?(:result) && e.cause.result ? e.cause.result.error_field(PG::Result::PG_DIAG_SQLSTATE) : e.class.name
  puts({step: name, error: code, message: e.message}.to_json)
end

$stdout.sync = true
ActiveRecord::Base.establish_connection(adapter: "postgresql", host: "localhost", port: ENV["PGPORT"], username: ENV["PGUSER"], password: ENV["PGPASSWORD"],
                                        database: ENV["PGDATABASE"], sslmode: "verify-full", sslrootcert: ENV["PGSSLROOTCERT"])
class Customer < ActiveRecord::Base; has_many :orders; end
class Order < ActiveRecord::Base; belongs_to :customer, optional: true; end
class Scratch < ActiveRecord::Base; self.table_name = "scratch"; end
c = ActiveRecord::Base.connection
report("tables") { c.tables.sort }
report("columns") { Customer.columns.map { |x| [x.name, x.sql_type, x.null] } }
report("primary key, indexes, foreign keys") { [c.primary_key("customers"), c.indexes("customers").map { |i| [i.columns, i.unique] }, c.foreign_keys("customers").map(&:to_table)] }
report("where and pluck") { Customer.where("id < 6").order(:id).pluck(:id, :email, :full_name) }
report("find") { Customer.find(2).attributes.slice("id", "email", "full_name", "city", "score") }
report("find_by a masked column") { Customer.find_by(email: "raw.c1@RAW-beta.example.org")&.id }
report("includes") { Customer.includes(:orders).where("customers.id < 5").order(:id).map { |x| [x.id, x.orders.sort_by(&:id).map(&:ship_to)] } }
report("eager_load") { Customer.eager_load(:orders).where("customers.id < 5").order("customers.id, orders.id").map { |x| [x.id, x.email, x.orders.map(&:ship_to)] } }
report("joins and group") { Customer.joins(:orders).group(:city).order(:city).count(:email) }
report("find_each") { n = []; Customer.find_each(batch_size: 4) { |x| n << x.email }; n }
report("exists?") { Customer.exists?(email: nil) }
report("lock") { Customer.lock.find(1).email }
report("create") { Scratch.create!(k: "r", v: "1").persisted? }
report("insert_all") { Scratch.insert_all([{k: "a", v: "1"}, {k: "b", v: "2"}]).length }
report("update_column") { Customer.find(2).update_column(:city, "Q") }
report("save of one attribute") { x = Customer.find(2); x.city = "R"; x.save! }
report("create an order") { Order.create!(id: 9005, customer_id: 1, status: "new").id }
report("upsert_all") { Order.upsert_all([{id: 1, customer_id: 1, status: "up"}]).length }
report("destroy") { Order.find(1).destroy.destroyed? }
report("explain") { Customer.where(id: 1).explain.include?("QUERY PLAN") }
report("advisory lock") { [c.get_advisory_lock(7), c.release_advisory_lock(7)] }
report("schema dump") { require "stringio"; s = StringIO.new; ActiveRecord::SchemaDumper.dump(c, s); s.string.lines.grep(/create_table|enable_extension/).sort }
report("add a table") { c.create_table(:made_by_rails) { |t| t.string :name; t.timestamps }; c.table_exists?(:made_by_rails) }
