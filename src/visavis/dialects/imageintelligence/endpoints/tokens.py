"""Access tokens."""

from fastapi import APIRouter, Request, Response

from visavis.accounts.applications import sign_in
from visavis.accounts.scopes import OF_PICTURES
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.endpoints.context import Context, answer, body


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""

    @router.post("/oauth/token", response_model=wire.AccessTokenResponse, **body(wire.ClientCredentials))
    async def create_token(request: Request) -> Response:
        """Trade a client id and secret for an access token."""
        credentials = await read_json(request, wire.ClientCredentials)
        async with context.database.transaction() as db:
            application = await sign_in(db, credentials.client_id, credentials.client_secret)
        granted = [scope for scope in application.scopes if scope in OF_PICTURES]
        token = context.signer.issue(application.id, granted)
        return answer(
            wire.AccessTokenResponse(
                access_token=token.value,
                expires_at=token.expires_at_ms,
                issued_at=token.issued_at_ms,
                org_name=application.organization,
                app_name=application.name,
                scope=" ".join(granted),
            )
        )
