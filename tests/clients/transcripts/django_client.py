"""Django: migrations of its own applications, introspection, the ORM over existing tables."""
import io
import os

import django
from django.conf import settings
from transcript import report

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"],
                                          "USER": os.environ["PGUSER"], "PASSWORD": os.environ["PGPASSWORD"], "HOST": "localhost",
                                          "PORT": os.environ["PGPORT"], "OPTIONS": {"sslmode": "verify-full", "sslrootcert": os.environ["PGSSLROOTCERT"],
                                                                                    "options": "-c search_path=public,sandbox"}}},
                   INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"], USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import Count, F, Max, Q, Subquery, OuterRef, Window  # noqa: E402
from django.db.models.functions import Length, Lower, RowNumber  # noqa: E402


class Customer(models.Model):
    email = models.CharField(max_length=80, null=True)
    full_name = models.CharField(max_length=60, null=True)
    city = models.TextField(null=True)
    birth_date = models.DateField(null=True)
    score = models.IntegerField(null=True)

    class Meta:
        managed, db_table, app_label = False, "customers", "shop"


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.DO_NOTHING, null=True, related_name="orders")
    status = models.TextField(null=True)
    ship_to = models.TextField(null=True)
    total = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    class Meta:
        managed, db_table, app_label = False, "orders", "shop"


class Scratch(models.Model):
    k = models.TextField(null=True)
    v = models.TextField(null=True)

    class Meta:
        managed, db_table, app_label = False, "scratch", "shop"


def step(name, work):
    def run():
        with transaction.atomic():
            try:
                return work()
            finally:
                transaction.set_rollback(True)
    report(name, run)


def migrate():
    out = io.StringIO()
    call_command("migrate", verbosity=1, stdout=out, no_color=True)
    return out.getvalue()


def inspect(table):
    out = io.StringIO()
    call_command("inspectdb", table, stdout=out, no_color=True)
    return out.getvalue()


def save(**changes):
    c = Customer.objects.get(pk=2)
    for name, value in changes.items():
        setattr(c, name, value)
    c.save()
    return list(Customer.objects.filter(pk=2).values_list("city", "email"))


step("migrate", migrate)  # in one transaction, taken back; the same tables again below, kept
report("migrate for good", migrate)
report("migrate again", migrate)
report("a user", lambda: __import__("django.contrib.auth.models", fromlist=["User"]).User.objects.create_user("u", "u@example.org", "x").username)
for table in ("customers", "orders", "products", "messages"):
    report(f"inspectdb {table}", lambda t=table: inspect(t))
report("table names", lambda: sorted(connection.introspection.table_names()))
report("constraints", lambda: connection.introspection.get_constraints(connection.cursor(), "customers"))
step("values", lambda: list(Customer.objects.filter(id__lt=8).order_by("id").values("id", "email", "full_name", "birth_date")))
step("filter", lambda: list(Customer.objects.filter(Q(email__icontains="beta") | Q(full_name__startswith="D")).order_by("id").values_list("id", flat=True)))
step("annotate", lambda: list(Customer.objects.values("city").annotate(n=Count("email"), last=Max("full_name")).order_by("city")))
step("annotate over a relation", lambda: list(Customer.objects.annotate(n=Count("orders")).order_by("id").values_list("id", "n", "email")[:8]))
step("select_related", lambda: [[o.id, o.customer and o.customer.email, o.ship_to] for o in Order.objects.select_related("customer").order_by("id")[:10]])
step("prefetch_related", lambda: [[c.id, [o.ship_to for o in c.orders.order_by("id")]] for c in Customer.objects.prefetch_related("orders").order_by("id")[:6]])
step("subquery", lambda: list(Order.objects.annotate(mail=Subquery(Customer.objects.filter(pk=OuterRef("customer_id")).values("email")[:1])).order_by("id").values_list("id", "mail")[:10]))
step("window", lambda: list(Customer.objects.annotate(r=Window(RowNumber(), partition_by=[F("city")], order_by=F("id").asc())).order_by("id").values_list("id", "r")[:10]))
step("functions", lambda: list(Customer.objects.annotate(l=Length("full_name"), e=Lower("email")).order_by("id").values_list("l", "e")[:10]))
step("distinct on", lambda: list(Customer.objects.order_by("city", "id").distinct("city").values_list("city", "email")))
step("union", lambda: sorted(map(str, Customer.objects.filter(id=1).values_list("email").union(Customer.objects.filter(id=2).values_list("full_name")))))
step("dates", lambda: list(Customer.objects.dates("birth_date", "year")))
step("exists and count", lambda: [Customer.objects.filter(email=None).exists(), Customer.objects.exclude(email=None).count()])
step("iterator", lambda: [c.email for c in Customer.objects.order_by("id").iterator(chunk_size=5)])
step("select_for_update", lambda: Customer.objects.select_for_update().get(pk=1).email)
step("select_for_update skip locked", lambda: [c.id for c in Order.objects.select_for_update(skip_locked=True).filter(id__lt=4).order_by("id")])
step("get_or_create", lambda: Scratch.objects.get_or_create(k="x", defaults={"v": "1"})[1])
step("bulk_create", lambda: [s.pk is not None for s in Scratch.objects.bulk_create([Scratch(k=str(n)) for n in range(3)])])
step("update_or_create", lambda: Scratch.objects.update_or_create(k="y", defaults={"v": "1"})[1])
step("update()", lambda: Customer.objects.filter(pk=2).update(city="Y"))
step("update() with F", lambda: Order.objects.filter(pk=1).update(total=F("total") + 1))
step("save() of a whole masked row", lambda: save(city="Z"))
step("create()", lambda: Order.objects.create(id=9004, customer_id=1, status="new", ship_to="x").pk)
step("delete()", lambda: Order.objects.filter(pk=1)._raw_delete("default"))
