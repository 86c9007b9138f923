"""Every route of the product, composed from each floor."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from optout_project import health, home
from optout_project.styleguide import Styleguide

urlpatterns = [
    path("", home.dashboard, name="dashboard"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("optout_project.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema"),
        name="api-docs",
    ),
    path("", include("optout.urls")),
    path("", include("teambox.urls")),
    path("", include("broadcaster.urls")),
    path("", include("connectors.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", Styleguide.as_view(), name="styleguide"))
