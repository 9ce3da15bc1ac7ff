/** Lets in who is logged in, on the server and in the browser alike. */
export default defineNuxtRouteMiddleware(async () => {
  const { data } = await useSessionData();
  if (data.value.user === undefined) return navigateTo("/");
});
