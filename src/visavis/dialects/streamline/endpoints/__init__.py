"""Routes of the dialect, one module a resource."""

from fastapi import APIRouter

from visavis.dialects.streamline.endpoints import photo_matches, photos, tokens
from visavis.dialects.streamline.endpoints.context import Context

__all__ = ["Context", "build_router"]


def build_router(context: Context) -> APIRouter:
    """All routes, from the root."""
    router = APIRouter()
    # "photos" would be taken for the id of a request.
    for resource in (tokens, photos, photo_matches):
        resource.add_routes(router, context)
    return router
