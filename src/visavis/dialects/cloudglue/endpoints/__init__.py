"""Routes of the dialect, one module a resource."""

from fastapi import APIRouter

from visavis.dialects.cloudglue.endpoints import (
    collections,
    detections,
    files,
    frames,
    matches,
    searches,
    thumbnails,
    webhooks,
)
from visavis.dialects.cloudglue.endpoints.context import Context

__all__ = ["Context", "build_router"]


def build_router(context: Context) -> APIRouter:
    """All routes below ``/v1``."""
    router = APIRouter()
    for resource in (files, thumbnails, frames, detections, matches, collections, searches, webhooks):
        resource.add_routes(router, context)
    return router
