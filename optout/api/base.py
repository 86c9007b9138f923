"""What every API view is made of."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from rest_framework.filters import BaseFilterBackend
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from optout.api.fields import refuse_unknown
from optout.api.filtering import KnownParameters
from optout.api.permissions import Allowed


class ApiView(GenericAPIView[Any]):
    """Closed but for the methods that `permissions` names, each with its permission."""

    http_method_names = ["get", "head", "post", "patch", "delete"]
    permission_classes = (Allowed,)
    permissions: Mapping[str, str] = {}
    filter_backends: Sequence[type[BaseFilterBackend]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who calls, may they, how often; then the names of query parameters."""
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD"):
            refuse_unknown(request.query_params, self.query_names())

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        """Who calls a method that is not there learns that, and no more."""
        if request.auth and request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        super().permission_denied(request, message, code)

    def query_names(self) -> set[str]:
        """The query parameters that a method other than GET knows."""
        return set()


class CollectionView(ListModelMixin, ApiView):
    """GET answers the filtered query set, a page at a time."""

    filter_backends = (KnownParameters,)

    def get(self, request: Request) -> Response:
        """A page of the collection."""
        return self.list(request)
