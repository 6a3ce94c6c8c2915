"""SQLAlchemy: reflection, Core and ORM."""
import os

import sqlalchemy as sa
from sqlalchemy.orm import Session, declarative_base, joinedload, relationship, selectinload
from transcript import report

engine = sa.create_engine("postgresql+psycopg2://", future=True)
Base = declarative_base()


class Customer(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.BigInteger, primary_key=True)
    email = sa.Column(sa.String(80))
    full_name = sa.Column(sa.String(60))
    city = sa.Column(sa.Text)
    score = sa.Column(sa.Integer)
    orders = relationship("Order", primaryjoin="foreign(Order.customer_id) == Customer.id", viewonly=True, order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    customer_id = sa.Column(sa.BigInteger)
    status = sa.Column(sa.Text)
    ship_to = sa.Column(sa.Text)
    total = sa.Column(sa.Numeric(12, 2))


class Scratch(Base):
    __tablename__ = "scratch"
    id = sa.Column(sa.BigInteger, primary_key=True)
    k = sa.Column(sa.Text)
    v = sa.Column(sa.Text)


def step(name, work):
    def run():
        with Session(engine) as session:
            try:
                return work(session)
            finally:
                session.rollback()
    report(name, run)


inspector = sa.inspect(engine)
report("tables", lambda: sorted(inspector.get_table_names()))
report("views", lambda: sorted(inspector.get_view_names()))
for table in ("customers", "orders", "messages"):
    report(f"columns of {table}", lambda t=table: [[c["name"], str(c["type"]), c["nullable"]] for c in inspector.get_columns(t)])
    report(f"keys of {table}", lambda t=table: [inspector.get_pk_constraint(t), inspector.get_foreign_keys(t), inspector.get_indexes(t),
                                                inspector.get_unique_constraints(t), inspector.get_check_constraints(t)])
report("a view's definition", lambda: inspector.get_view_definition("v_contacts"))
report("enums", lambda: inspector.get_enums())
report("reflected table", lambda: [c.name for c in sa.Table("customers", sa.MetaData(), autoload_with=engine).columns])
step("query", lambda s: [[c.id, c.email, c.full_name] for c in s.scalars(sa.select(Customer).where(Customer.id < 6).order_by(Customer.id))])
step("filter on a masked column", lambda s: s.scalar(sa.select(sa.func.count()).where(Customer.email.like("%beta%"))))
step("joinedload", lambda s: [[c.id, [o.ship_to for o in c.orders]] for c in s.scalars(
    sa.select(Customer).options(joinedload(Customer.orders)).where(Customer.id < 6).order_by(Customer.id)).unique()])
step("selectinload", lambda s: [[c.id, [o.ship_to for o in c.orders]] for c in s.scalars(
    sa.select(Customer).options(selectinload(Customer.orders)).where(Customer.id < 6).order_by(Customer.id))])
step("group, having, order", lambda s: [list(r) for r in s.execute(
    sa.select(Customer.city, sa.func.count(Customer.email)).group_by(Customer.city).having(sa.func.count() > 1).order_by(Customer.city))])
step("window in a CTE", lambda s: [list(r) for r in s.execute(sa.select(sa.select(
    Order.id, sa.func.rank().over(partition_by=Order.customer_id, order_by=[Order.total.desc(), Order.id]).label("r")).cte("x")).order_by(sa.text("1")))])
step("pages", lambda s: [list(r) for r in s.execute(sa.select(Customer.id, Customer.email).order_by(Customer.email.nullslast(), Customer.id).limit(5).offset(2))])
step("exists", lambda s: s.scalar(sa.select(sa.exists().where(Customer.full_name == "nobody"))))
step("with_for_update", lambda s: s.get(Customer, 1, with_for_update=True).email)


def insert(s):
    s.add_all([Scratch(k="sa", v=str(n)) for n in range(3)])
    s.flush()
    return s.scalar(sa.select(sa.func.count()).where(Scratch.k == "sa"))


def update_object(s):
    c = s.get(Customer, 2)
    c.city = "Tromsø"
    s.flush()
    s.refresh(c)
    return [c.city, c.email]


def insert_order(s):
    s.add(Order(id=9003, customer_id=1, status="new", ship_to="x"))
    s.flush()
    return s.get(Order, 9003).ship_to


def delete_order(s):
    s.delete(s.get(Order, 1))
    s.flush()
    return s.get(Order, 1) is None


step("insert", insert)
step("UPDATE of one attribute", update_object)
step("INSERT of a protected row", insert_order)
step("DELETE of a protected row", delete_order)
step("bulk UPDATE", lambda s: s.execute(sa.update(Customer).where(Customer.score > 10).values(city="X")).rowcount)


def ddl(s):
    s.execute(sa.text("CREATE TABLE sandbox.made (id int PRIMARY KEY, note text)"))
    s.execute(sa.text("CREATE INDEX ON sandbox.made (note)"))
    return s.execute(sa.text("SELECT count(*) FROM sandbox.made")).scalar()


step("DDL in a transaction", ddl)
