import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.OptionalParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Transaction;
import ca.uhn.fhir.rest.annotation.TransactionParam;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BasicAuthInterceptor;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.param.StringParam;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.interceptor.auth.AuthorizationInterceptor;
import ca.uhn.fhir.rest.server.interceptor.auth.IAuthRule;
import ca.uhn.fhir.rest.server.interceptor.auth.RuleBuilder;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;

/** HAPI FHIR as a peer:   FhirPeer.java serve PORT [token]   |   FhirPeer.java use BASE   |   FhirPeer.java login BASE USER PASSWORD */
public class FhirPeer {
  static final FhirContext CONTEXT = FhirContext.forR4();

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "serve" -> serve(Integer.parseInt(arguments[1]), arguments.length > 2);
      case "use" -> use(client(arguments[1]));
      case "login" -> login(client(arguments[1]), arguments[2], arguments[3]);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Patients can be searched by name. */
  public static class Patients extends HashMapResourceProvider<Patient> {
    Patients() {
      super(CONTEXT, Patient.class);
    }

    @Search
    public List<IBaseResource> byName(@OptionalParam(name = "name") StringParam name, @OptionalParam(name = "birthdate") StringParam birthDate, RequestDetails request) {
      return List.copyOf(getAllResources());
    }
  }

  public static class Transactions {
    @Transaction
    public Bundle transaction(@TransactionParam Bundle bundle) {
      Bundle answer = new Bundle();
      answer.setType(Bundle.BundleType.TRANSACTIONRESPONSE);
      bundle.getEntry().forEach(entry -> answer.addEntry().getResponse().setStatus("201 Created"));
      return answer;
    }
  }

  static void serve(int port, boolean protectedByToken) throws Exception {
    RestfulServer fhir = new RestfulServer(CONTEXT);
    fhir.registerProviders(new Patients(), new HashMapResourceProvider<>(CONTEXT, Observation.class), new Transactions());
    if (protectedByToken)
      fhir.registerInterceptor(
          new AuthorizationInterceptor() {
            @Override
            public List<IAuthRule> buildRuleList(RequestDetails request) {
              String given = request.getHeader("Authorization");
              if (given == null) throw new AuthenticationException("no token");
              if (given.startsWith("Bearer ")) return new RuleBuilder().allowAll().build();
              return new RuleBuilder().denyAll().build();
            }
          });
    ServletContextHandler handler = new ServletContextHandler("/");
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    Server server = new Server(port);
    server.setHandler(handler);
    server.start();
    server.join();
  }

  static IGenericClient client(String base) {
    CONTEXT.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.NEVER);
    return CONTEXT.newRestfulGenericClient(base);
  }

  /** Every interaction once, on one connection. */
  static void use(IGenericClient client) {
    client.capabilities().ofType(org.hl7.fhir.r4.model.CapabilityStatement.class).execute();
    MethodOutcome created = client.create().resource(patient()).execute();
    IIdType id = created.getId();
    client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute();
    client.search().forResource(Patient.class).where(Patient.NAME.matches().value("WWPHIDOE")).returnBundle(Bundle.class).execute();
    client.search().forResource(Patient.class).where(Patient.NAME.matches().value("WWPHIDOE")).usingStyle(ca.uhn.fhir.rest.api.SearchStyleEnum.POST).returnBundle(Bundle.class).execute();
    Patient changed = patient();
    changed.setId(id.toUnqualifiedVersionless());
    changed.addAddress().addLine("2 WWPHI STREET");
    client.update().resource(changed).execute();
    client.vread(Patient.class, id.getIdPart(), "1");
    client.history().onInstance(id.toUnqualifiedVersionless()).returnBundle(Bundle.class).execute();
    Bundle bundle = new Bundle();
    bundle.setType(Bundle.BundleType.TRANSACTION);
    bundle.addEntry().setResource(patient()).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
    client.transaction().withBundle(bundle).execute();
    client.delete().resourceById(id.toUnqualifiedVersionless()).execute();
    attempt(() -> client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute());
  }

  /** Without credentials, with ones that are not enough, and with a token. */
  static void login(IGenericClient client, String user, String password) {
    attempt(() -> search(client));
    client.registerInterceptor(new BasicAuthInterceptor(user, password));
    attempt(() -> search(client));
    client.getInterceptorService().unregisterAllInterceptors();
    client.registerInterceptor(new BearerTokenAuthInterceptor(password));
    attempt(() -> search(client));
  }

  static void search(IGenericClient client) {
    client.search().forResource(Patient.class).where(Patient.NAME.matches().value("WWPHIDOE")).returnBundle(Bundle.class).execute();
  }

  static void attempt(Runnable call) {
    try {
      call.run();
    } catch (ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException refused) {
      System.err.println(refused.getStatusCode());
    }
  }

  static Patient patient() {
    Patient patient = new Patient();
    patient.addIdentifier().setSystem("urn:oid:1.2.826.0.1.3680043.10.1.77777").setValue("WWPHI0001");
    patient.addName().setFamily("WWPHIDOE").addGiven("JANE");
    patient.setBirthDateElement(new org.hl7.fhir.r4.model.DateType("1911-02-13"));
    return patient;
  }
}
