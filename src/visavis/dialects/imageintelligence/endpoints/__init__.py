"""Routes of the dialect, one module a resource. Each: who asks, what for, one transaction, the answer."""

from fastapi import APIRouter

from visavis.dialects.imageintelligence.endpoints import (
    feedback,
    groups,
    identities,
    images,
    questions,
    recognize,
    tokens,
    webhooks,
)
from visavis.dialects.imageintelligence.endpoints.context import Context

__all__ = ["Context", "build_router"]


def build_router(context: Context) -> APIRouter:
    """All routes, relative to ``/v2``."""
    router = APIRouter()
    for resource in (tokens, questions, feedback, recognize, images, groups, identities, webhooks):
        resource.add_routes(router, context)
    return router
